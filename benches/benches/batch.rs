//! Claims per second from Parquet to Parquet: grouping, and settling a whole month.

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use drgdip_batch::{GroupJob, ReadOptions, Silent, group};
use drgdip_tests::{month, national, settle_month};
use std::hint::black_box;

const CASES: u64 = 200_000;

fn batch(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let made = month(folder.path(), CASES, 1, 2);
    let mut bench = criterion.benchmark_group("batch");
    bench
        .throughput(Throughput::Elements(CASES))
        .sample_size(10);
    for threads in [1, 2] {
        let out = folder.path().join("grouped.parquet");
        bench.bench_with_input(
            BenchmarkId::new("group", threads),
            &threads,
            |b, threads| {
                b.iter(|| {
                    let job = GroupJob {
                        claims: &made.claims,
                        plan: national().into(),
                        out: &out,
                        keep: false,
                        read: ReadOptions::default(),
                        threads: Some(*threads),
                        row_group_rows: None,
                    };
                    black_box(group(&job, &Silent).expect("the month is grouped"))
                });
            },
        );
        let out = folder.path().join("settled");
        bench.bench_with_input(
            BenchmarkId::new("settle", threads),
            &threads,
            |b, threads| {
                b.iter(|| {
                    let settled = settle_month(&made.claims, &made.inputs, &out, *threads);
                    black_box(settled.expect("the month is settled"))
                });
            },
        );
    }
    bench.finish();
}

criterion_group!(benches, batch);
criterion_main!(benches);
