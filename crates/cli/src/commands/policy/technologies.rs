//! The registry of new technologies, as `drgdip policy show` tells it.

use drgdip_tables::policy::{
    RaisedWeight, Technology, TechnologyPay, TechnologyRegistry, Validity,
};
use jiff::civil::Date;
use serde_json::{Value, json};

/// Each technology on a line, then its codes, then when it holds and who says so.
pub(super) fn text(registry: &TechnologyRegistry, day: Date) -> String {
    if registry.is_empty() {
        return String::new();
    }
    let head = format!("\n新技术登记 new technologies · {}\n", registry.file());
    let entries = registry.technologies().iter();
    entries.fold(head, |text, technology| text + &entry(technology, day))
}

fn entry(technology: &Technology, day: Date) -> String {
    let Technology { id, name, from, .. } = technology;
    let (kind, modes) = (technology.kind.word(), technology.modes().join(", "));
    let validity = validity(technology.on(day));
    let terms: String = terms(technology)
        .into_iter()
        .map(|(field, value)| format!(", {field} {value}"))
        .collect();
    let codes = [
        ("codes", &technology.items),
        ("procedures", &technology.procedures),
    ];
    let codes: String = codes
        .into_iter()
        .filter(|(_, codes)| !codes.is_empty())
        .map(|(what, codes)| format!("  {what}: {}\n", codes.join(" ")))
        .collect();
    let until = technology.until;
    let until = until.map_or(String::new(), |until| format!(" until {until}"));
    let note = technology.note.as_ref();
    let note = note.map_or(String::new(), |note| format!(" · {note}"));
    let (source, line) = (&technology.source, technology.line);
    format!(
        "\n{id} {name} [{kind}] = {modes}{terms} · {validity}\n{codes}  from {from}{until} · {} \
         ({}) · line {line}{note}\n",
        source.tag, source.reliability
    )
}

const fn validity(validity: Validity) -> &'static str {
    match validity {
        Validity::Matched => "有效 valid",
        Validity::Expired => "已到期 expired",
        Validity::NotYetValid => "未生效 not yet valid",
    }
}

/// The parameters of its way to be paid, by the fields of the registry.
fn terms(technology: &Technology) -> Vec<(&'static str, String)> {
    match &technology.pay {
        Some(TechnologyPay::AddOnPoints(terms)) => {
            let value = terms.point_value;
            let value = value.map(|value| ("point_value", value.to_string()));
            let share = ("add_on_share", terms.share.to_string());
            std::iter::once(share).chain(value).collect()
        }
        Some(TechnologyPay::CarveOut(terms)) => vec![
            ("cost_more_than", terms.cost_more_than.to_string()),
            ("share_more_than", terms.share_more_than.to_string()),
        ],
        Some(TechnologyPay::RaisedWeight(RaisedWeight::Weight(weight))) => {
            vec![("weight", weight.to_string())]
        }
        Some(TechnologyPay::RaisedWeight(RaisedWeight::Factor(factor))) => {
            vec![("weight_factor", factor.to_string())]
        }
        Some(TechnologyPay::OwnGroup) | None => Vec::new(),
    }
}

pub(super) fn json(registry: &TechnologyRegistry, day: Date) -> Vec<Value> {
    let entries = registry.technologies().iter();
    entries.map(|entry| entry_json(entry, day)).collect()
}

fn entry_json(technology: &Technology, day: Date) -> Value {
    let text = |day: Option<Date>| day.map(|day| day.to_string());
    let validity = match technology.on(day) {
        Validity::Matched => "valid",
        other => other.word(),
    };
    let terms: serde_json::Map<String, Value> = terms(technology)
        .into_iter()
        .map(|(field, value)| (field.to_owned(), value.into()))
        .collect();
    json!({
        "id": technology.id,
        "kind": technology.kind.word(),
        "name": technology.name,
        "codes": technology.items,
        "procedures": technology.procedures,
        "approved": text(technology.approved),
        "listed": text(technology.listed),
        "from": technology.from.to_string(),
        "until": text(technology.until),
        "validity": validity,
        "modes": technology.modes(),
        "terms": terms,
        "source": technology.source.key,
        "note": technology.note,
        "line": technology.line,
    })
}
