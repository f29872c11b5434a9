//! A host with two jobs on a pool of threads: `cargo run -p logcore --example host`, then look into `logs/`.

use log::{error, info, warn};
use logcore::{Error, Outcome};
use std::time::Duration;

fn main() -> Result<(), Error> {
    let logs = logcore::init("config/log.yaml")?;
    info!("server up");

    let import = logs.job("import-42").label("customer", "acme").start()?;
    let thumbs = logs.job("thumbs-7").start()?;

    // The guard takes this thread into the job until it is dropped.
    {
        let _in = import.enter();
        info!("512 rows to read");
        warn!(logger: logs.server(), "from inside the job, to the server log");
    }

    // A thread of the job's own, and work for a pool.
    let reader = import.spawn("reader", || info!("row 1 of 512"))?;
    let resize = std::thread::spawn(thumbs.wrap(|| error!("cat.png is not a PNG file")));
    for thread in [reader, resize] {
        if thread.join().is_err() {
            error!("a worker panicked; its job's log says where");
        }
    }

    // More detail for one job, for a while.
    logs.set_level("import-42", log::LevelFilter::Trace).for_(Duration::from_secs(600))?;
    import.run(|| log::trace!("raw row: 1;acme;99.50"));

    for report in [import.finish(Outcome::Ok), thumbs.finish(Outcome::Failed)] {
        info!(
            "{}: {:?}, {} records, {} errors",
            report.id,
            report.outcome,
            report.counts.total(),
            report.counts.error
        );
    }
    logs.flush(Duration::from_secs(2))
}
