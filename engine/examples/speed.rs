fn main() {
    use synth_engine::domain::{TableOptions, table};
    let t = table(
        "patients",
        &TableOptions {
            seed: 1,
            ..Default::default()
        },
    )
    .unwrap();
    let t0 = std::time::Instant::now();
    let mut n = 0usize;
    for i in 0..500 {
        n += t.batch(i * 2048..(i + 1) * 2048).unwrap().num_rows();
    }
    let a = t0.elapsed();
    println!(
        "{n} rows gen {:?} {:.0} rows/s",
        a,
        n as f64 / a.as_secs_f64()
    );
    let b = t.batch(0..2048).unwrap();
    let mut out = Vec::new();
    let t0 = std::time::Instant::now();
    let mut bytes = 0;
    for _ in 0..500 {
        out.clear();
        synth_engine::format::csv::write_batch(&b, &mut out).unwrap();
        bytes += out.len();
    }
    let c = t0.elapsed();
    println!(
        "csv {:?} {:.0} MB/s; total {:.0} MB/s, {} B/row",
        c,
        bytes as f64 / 1e6 / c.as_secs_f64(),
        bytes as f64 / 1e6 / (a + c).as_secs_f64(),
        bytes / n
    );
    println!("{}", String::from_utf8_lossy(&out[..1600]));
}
