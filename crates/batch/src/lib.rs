//! Parquet in, Parquet out: the only crate that knows Arrow, files and threads.
