//! The files that are installed beside the program, judged by nginx, systemd, lintian and dpkg.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::server::{Portal, configure, free_port, get};
use crate::support::Workplace;
use crate::support::authority::{Authority, Kind};
use crate::support::optional::leave_out;
use crate::support::run;

fn packaged(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("portal/packaging").join(name)
}

/// Ends with the test.
struct Ending(Child);

impl Drop for Ending {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// Which program of a Debian package there is; `None`, said, where the judges are optional.
fn found(program: &str) -> Option<PathBuf> {
    let places = ["/usr/sbin", "/usr/bin"].map(|folder| Path::new(folder).join(program));
    let found = places.into_iter().find(|path| path.exists());
    if found.is_none() {
        leave_out(&format!("{program} is not installed"));
    }
    found
}

#[test]
fn nginx_serves_the_portal_in_tls_by_the_sample() {
    let Some(nginx) = found("nginx") else { return };
    let workplace = Workplace::empty();
    let folder = workplace.target();
    let (http, https, behind) = (free_port(), free_port(), free_port());
    let authority = Authority::called("nginx");
    let identity = authority.identity(Kind::Good);
    // The sample with the ports, names and files of the test in the place of its own.
    let sample = fs::read_to_string(packaged("nginx.conf")).expect("the sample");
    let mut server = sample;
    for (from, to) in [
        ("    listen [::]:80;\n", String::new()),
        ("    listen [::]:443 ssl http2;\n", String::new()),
        ("listen 80;", format!("listen 127.0.0.1:{http};")),
        ("listen 443 ssl http2;", format!("listen 127.0.0.1:{https} ssl http2;")),
        ("127.0.0.1:8080;", format!("127.0.0.1:{behind};")),
        ("server_name portal.example.org;", "server_name localhost;".to_owned()),
        ("/etc/ssl/esito/portal.pem", identity.certificate.display().to_string()),
        ("/etc/ssl/esito/portal.key", identity.key.display().to_string()),
    ] {
        assert!(server.contains(from), "the sample has no {from:?}");
        server = server.replace(from, &to);
    }
    let place = folder.display();
    let text = format!(
        "daemon off; master_process off; pid {place}/pid; error_log {place}/errors;\nevents {{}}\nhttp {{\n\
         access_log off; client_body_temp_path {place}/a; proxy_temp_path {place}/b;\n\
         fastcgi_temp_path {place}/c; uwsgi_temp_path {place}/d; scgi_temp_path {place}/e;\n{server}}}\n"
    );
    let file = folder.join("nginx.conf");
    fs::write(&file, text).expect("written");
    let tested = run::program(&nginx).arg("-t").arg("-c").arg(&file).finish();
    assert_eq!(tested.code, Some(0), "{}", tested.stderr);
    let portal = format!(
        "listen = '127.0.0.1:{behind}'\naddress = 'https://localhost:{https}'\ntrusted_proxies = ['127.0.0.1']"
    );
    let portal = Portal::start(&configure(&folder, &portal, ""));
    let mut command = Command::new(&nginx);
    command.arg("-c").arg(&file).stdin(Stdio::null()).stderr(Stdio::null());
    let _nginx = Ending(command.spawn().expect("nginx"));
    let ca = authority.file();
    let until = Instant::now() + Duration::from_secs(10);
    while std::net::TcpStream::connect(("127.0.0.1", https)).is_err() {
        assert!(Instant::now() < until, "nginx does not listen");
        std::thread::sleep(Duration::from_millis(50));
    }
    let ca = ca.to_str().expect("UTF-8");
    let (status, page) = get(&format!("https://localhost:{https}/login"), &["--cacert", ca, "-i"]);
    assert_eq!(status, 200, "{page}");
    assert!(page.to_ascii_lowercase().contains("strict-transport-security"), "{page}");
    assert!(page.contains("name=\"user_name\""), "{page}");
    assert_eq!(get(&format!("http://127.0.0.1:{http}/login"), &[]).0, 301);
    drop(portal);
}

#[test]
fn systemd_takes_the_unit_and_finds_it_closed() {
    let Some(systemd) = found("systemd-analyze") else { return };
    let workplace = Workplace::empty();
    // The program lies where the tests built it.
    let unit = fs::read_to_string(packaged("esito.service")).expect("the unit");
    let unit = unit.replace("/usr/bin/esito", env!("CARGO_BIN_EXE_esito"));
    let file = workplace.target().join("esito.service");
    fs::write(&file, &unit).expect("written");
    let verified = run::program(&systemd).args(["verify", "--man=no"]).arg(&file).finish();
    let said: Vec<_> =
        verified.stderr.lines().filter(|line| line.contains("esito.service")).collect();
    assert!(said.is_empty(), "{said:?}");
    let judged = run::program(&systemd)
        .args(["security", "--offline=true", "--threshold=20", "--no-pager"])
        .arg(&file)
        .finish();
    let text = String::from_utf8_lossy(&judged.stdout);
    assert_eq!(judged.code, Some(0), "{text}{}", judged.stderr);
}

#[test]
fn the_unit_has_open_files_enough_for_the_usual_connections() {
    let unit = fs::read_to_string(packaged("esito.service")).expect("the unit");
    let limit = unit.lines().find_map(|line| line.strip_prefix("LimitNOFILE=")).expect("a limit");
    let limit: usize = limit.parse().expect("a number");
    let connections = portal::ConnectionLimits::default().connections;
    assert!(limit >= 2 * connections + 512, "{limit} for {connections} connections");
}

/// Made of the program that the tests built, not of an optimised one: all else is as `make deb` makes it.
fn debian_package(workplace: &Workplace) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let tool = root.join(".cache/cargo/bin/cargo-deb");
    assert!(tool.exists(), "cargo-deb is not installed: run make .cache/cargo/bin/cargo-deb");
    let target = workplace.beside("build");
    fs::create_dir_all(target.join("release")).expect("a folder");
    fs::copy(env!("CARGO_BIN_EXE_esito"), target.join("release/esito")).expect("copied");
    let package = workplace.target().join("esito.deb");
    run::program(tool)
        .args(["deb", "--no-build", "--fast", "--manifest-path"])
        .arg(root.join("Cargo.toml"))
        .arg("--output")
        .arg(&package)
        .env("CARGO_TARGET_DIR", target.to_str().expect("UTF-8"))
        .finish()
        .expect_code(&[0]);
    package
}

#[test]
fn the_debian_package_is_installed_started_upgraded_and_purged() {
    let workplace = Workplace::empty();
    let package = debian_package(&workplace);
    if let Some(lintian) = found("lintian") {
        let judged = run::program(lintian).args(["--allow-root", "--fail-on", "error"]);
        let judged = judged.arg(&package).finish();
        let text = String::from_utf8_lossy(&judged.stdout);
        assert_eq!(judged.code, Some(0), "{text}{}", judged.stderr);
    }
    // In an ordinary container nobody may mount anything.
    let mounts = ["--mount", "--net", "--pid", "--fork", "mount", "-t", "tmpfs", "none", "/mnt"];
    let tried = run::program("unshare").args(mounts).finish();
    if tried.code != Some(0) {
        println!("skipped: installing needs root and the right to mount: {}", tried.stderr);
        return;
    }
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/judges/debian_package");
    let judged = run::program("sh").arg(script).arg(&package).finish();
    let text = String::from_utf8_lossy(&judged.stdout);
    assert_eq!(judged.code, Some(0), "{text}{}", judged.stderr);
    assert!(text.contains("installed, started, upgraded, removed, purged"), "{text}");
}
