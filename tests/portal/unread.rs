//! Nobody reads what the portal writes: it goes on, and counts what is lost.

use std::fs;
use std::io::{PipeReader, PipeWriter, Read as _, Write as _, pipe};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::server::{configure, free_port, get};
use crate::support::Workplace;
use crate::support::run;

/// What a pipe of Linux holds before whoever writes has to wait.
const FULL: usize = 64 << 10;

/// A pipe that takes nothing more.
fn full() -> (PipeReader, PipeWriter) {
    let (reader, mut writer) = pipe().expect("a pipe");
    writer.write_all(&vec![b'.'; FULL]).expect("filled");
    (reader, writer)
}

struct Served {
    process: Child,
    listen: String,
    monitor: String,
    _workplace: Workplace,
}

impl Served {
    fn start(stdout: PipeWriter, stderr: PipeWriter) -> Self {
        let workplace = Workplace::empty();
        let (listen, monitor) =
            (format!("127.0.0.1:{}", free_port()), format!("127.0.0.1:{}", free_port()));
        let portal = format!("listen = '{listen}'\naddress = 'http://{listen}'");
        let config = configure(&workplace.target(), &portal, "");
        monitored(&config, &monitor);
        let process = Command::new(env!("CARGO_BIN_EXE_esito"))
            .args(["serve", "--config"])
            .arg(&config)
            .stdin(Stdio::null())
            .stdout(stdout)
            .stderr(stderr)
            .spawn()
            .expect("esito serve");
        let served = Self { process, listen, monitor, _workplace: workplace };
        let until = Instant::now() + Duration::from_secs(30);
        while TcpStream::connect(&served.monitor).is_err() {
            assert!(Instant::now() < until, "it does not listen");
            std::thread::sleep(Duration::from_millis(20));
        }
        served
    }

    /// Asks so often, on one connection, and tells how often it was answered.
    fn ask(&self, times: usize) -> usize {
        let mut stream = TcpStream::connect(&self.listen).expect("a connection");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a limit");
        let line = "GET /nothing HTTP/1.1\r\nhost: x\r\n";
        let mut all = String::new();
        for number in 0..times {
            let end = if number + 1 == times { "connection: close\r\n\r\n" } else { "\r\n" };
            stream.write_all(format!("{line}{end}").as_bytes()).expect("asked");
            if number % 50 == 49 || number + 1 == times {
                let answered = |text: &str| text.matches("HTTP/1.1 404").count();
                while answered(&all) <= number {
                    let mut part = [0; 8_192];
                    let count = stream.read(&mut part).expect("an answer");
                    assert!(count > 0, "it hung up");
                    all.push_str(&String::from_utf8_lossy(&part[..count]));
                }
            }
        }
        all.matches("HTTP/1.1 404").count()
    }

    fn lost(&self) -> u64 {
        let (_, text) = get(&format!("http://{}/metrics", self.monitor), &[]);
        let line = text.lines().find(|line| line.starts_with("esito_log_lines_lost_total "));
        line.expect(&text).rsplit(' ').next().expect("a count").parse().expect("a number")
    }

    /// Ends in order, and soon.
    fn end(&mut self) {
        let begun = Instant::now();
        let pid = self.process.id().to_string();
        run::program("kill").args(["-s", "TERM", &pid]).finish().expect_code(&[0]);
        assert_eq!(self.process.wait().expect("its end").code(), Some(0));
        assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
    }
}

/// The monitor at an address that is known: nobody reads where it would be told.
fn monitored(config: &Path, monitor: &str) {
    let text = fs::read_to_string(config).expect("the configuration");
    let known = format!("[monitor]\nlisten = '{monitor}'");
    let text = text.replace("[monitor]\nlisten = '127.0.0.1:0'", &known);
    fs::write(config, text).expect("written");
}

#[test]
fn a_log_that_nobody_reads_stops_nothing_and_what_is_lost_is_counted_and_told() {
    let (_unread, stdout) = full();
    let (mut log, stderr) = full();
    let mut served = Served::start(stdout, stderr);
    assert_eq!(served.ask(1500), 1500);
    assert!(served.lost() > 0);
    // Somebody reads again.
    let reading = std::thread::spawn(move || {
        let mut text = Vec::new();
        let mut part = [0; 8_192];
        while !String::from_utf8_lossy(&text).contains("lines of the log were lost") {
            let count = log.read(&mut part).expect("the log");
            assert!(count > 0, "it ended");
            text.extend_from_slice(&part[..count]);
        }
        // To the end, so that the last lines find room.
        drop(std::io::copy(&mut log, &mut std::io::sink()));
        String::from_utf8_lossy(&text).into_owned()
    });
    std::thread::sleep(Duration::from_secs(2));
    served.end();
    let text = reading.join().expect("the log");
    assert!(text.contains("\"lines\":"), "{text}");
}

#[test]
fn a_log_that_is_closed_stops_nothing() {
    let (told, stdout) = pipe().expect("a pipe");
    let (log, stderr) = pipe().expect("a pipe");
    drop((told, log));
    let mut served = Served::start(stdout, stderr);
    assert_eq!(served.ask(100), 100);
    assert!(served.lost() >= 100, "{}", served.lost());
    served.end();
}
