//! What is left of the points of a claim that came late.

use super::Step;
use super::points::{Award, Awarded, sign, wrong};
use crate::Error;
use drgdip_points::award::reduced;
use drgdip_points::{Points, Ratio};

impl Award<'_> {
    /// What a factor leaves of points: those of a unit as they stand, the others rounded once, and
    /// what is on top by itself.
    fn left_of(
        &self,
        (points, awarded): (Points, &Awarded),
        factor: Ratio,
    ) -> Result<Points, Error> {
        if self.units.stay.is_some() {
            return reduced(points, factor, &self.rules).map_err(wrong);
        }
        let mut again = self.clone();
        again.is_late = false;
        again.rules = self.rules.keeping(factor);
        again.units.extra = Points::ZERO;
        let own = again.steps()?.points.unwrap_or_default();
        let on_top = reduced(awarded.extra, factor, &self.rules).map_err(wrong)?;
        own.plus(on_top).map_err(wrong)
    }

    /// What is left of the points of a claim that came late.
    pub(super) fn late(&self, awarded: &mut Awarded) -> Result<(), Error> {
        let (Some(terms), Some(points)) = (self.terms.stays.late_upload, awarded.points) else {
            return Ok(());
        };
        let factor = Ratio::from_decimal(terms.factor).map_err(wrong)?;
        let left = self.left_of((points, awarded), factor)?;
        let text = format!(
            "上传迟于出院 uploaded {} 天 days after the discharge: {points}（未舍入 not rounded） × {}",
            sign(terms.limit),
            terms.factor.normalize()
        );
        let keys = &["case.late_upload.limit", "case.late_upload.factor"];
        awarded.steps.push(
            Step::new("迟传后点数 points of a late upload", left)
                .by(text)
                .keys(keys),
        );
        awarded.points = Some(left);
        Ok(())
    }
}
