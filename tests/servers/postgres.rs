//! A private PostgreSQL cluster: own data directory, own socket, own free loopback port.
//!
//! It ends with the fixture, which stops its own process and no other. Started by root, it runs as
//! an unprivileged user, since Postgres refuses to run as root.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// How long a start or stop may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// Name of the superuser.
pub const SUPERUSER: &str = "postgres";

/// A role of this name, if a test creates it, must give its password over TCP.
pub const PASSWORD_ROLE: &str = "secured";

/// A running cluster.
pub struct Postgres {
    server: Mutex<Child>,
    settings: Vec<String>,
    bindir: PathBuf,
    directory: PathBuf,
    port: u16,
    databases: AtomicU32,
    user: Option<(u32, u32)>,
}

impl Postgres {
    /// Initializes and starts a cluster; the error says what is missing.
    pub fn start() -> Result<Self, String> {
        // Autovacuum at work in a test's database keeps dead rows that the test has just cleared.
        Self::start_with("", &["log_min_messages=fatal", "autovacuum=off"])
    }

    /// The same, for another cluster beside it: with a name of its own, and settings.
    pub fn start_with(name: &str, settings: &[&str]) -> Result<Self, String> {
        let bindir = bindir()?;
        let user = unprivileged_user()?;
        // Short: a socket's path has 107 bytes at most.
        let directory = PathBuf::from(format!("/tmp/synth-pg-{}{name}", std::process::id()));
        let data = directory.join("data");
        let io = |what: &'static str| move |e: std::io::Error| format!("{what}: {e}");
        fs::create_dir_all(&data).map_err(io("create the data directory"))?;
        for path in [&directory, &data] {
            fs::set_permissions(path, fs::Permissions::from_mode(0o700)).map_err(io("chmod"))?;
            if let Some((uid, gid)) = user {
                chown(path, Some(uid), Some(gid)).map_err(io("chown"))?;
            }
        }
        let cleanup = Cleanup(Some(directory.clone()));
        let output = command(&bindir.join("initdb"), user)
            .args([
                "--auth=trust",
                "-E",
                "UTF8",
                "--locale=C.UTF-8",
                "--no-sync",
                "-U",
                SUPERUSER,
            ])
            .arg("-D")
            .arg(&data)
            .output()
            .map_err(io("run initdb"))?;
        if !output.status.success() {
            return Err(format!(
                "initdb: {}",
                String::from_utf8_lossy(&output.stderr)
            ));
        }
        let hba = data.join("pg_hba.conf");
        let rules = fs::read_to_string(&hba).map_err(io("read pg_hba.conf"))?;
        fs::write(
            &hba,
            format!("host all {PASSWORD_ROLE} 127.0.0.1/32 scram-sha-256\n{rules}"),
        )
        .map_err(io("write pg_hba.conf"))?;
        let port = free_port().map_err(io("find a free port"))?;
        let settings: Vec<String> = settings.iter().map(|s| (*s).to_owned()).collect();
        let server = spawn(&bindir, &directory, port, &settings, user)?;
        let started = Self {
            server: Mutex::new(server),
            settings,
            bindir,
            directory,
            port,
            databases: AtomicU32::new(0),
            user,
        };
        std::mem::forget(cleanup);
        started.wait_until_ready()?;
        Ok(started)
    }

    /// Starts a standby of this cluster beside it, which streams from it.
    pub fn standby(&self, name: &str) -> Result<Self, String> {
        let directory = PathBuf::from(format!("/tmp/synth-pg-{}{name}", std::process::id()));
        let io = |what: &'static str| move |e: std::io::Error| format!("{what}: {e}");
        fs::create_dir_all(&directory).map_err(io("create a directory"))?;
        fs::set_permissions(&directory, fs::Permissions::from_mode(0o700)).map_err(io("chmod"))?;
        if let Some((uid, gid)) = self.user {
            chown(&directory, Some(uid), Some(gid)).map_err(io("chown"))?;
        }
        let cleanup = Cleanup(Some(directory.clone()));
        let copied = self
            .program("pg_basebackup")
            .args(["-R", "--no-sync", "--checkpoint=fast", "-D"])
            .arg(directory.join("data"))
            .output()
            .map_err(io("run pg_basebackup"))?;
        if !copied.status.success() {
            let said = String::from_utf8_lossy(&copied.stderr);
            return Err(format!("pg_basebackup: {said}"));
        }
        let port = free_port().map_err(io("find a free port"))?;
        let settings = self.settings.clone();
        let server = spawn(&self.bindir, &directory, port, &settings, self.user)?;
        let started = Self {
            server: Mutex::new(server),
            settings,
            bindir: self.bindir.clone(),
            directory,
            port,
            databases: AtomicU32::new(0),
            user: self.user,
        };
        std::mem::forget(cleanup);
        started.wait_until_ready()?;
        Ok(started)
    }

    /// Waits until the server takes connections, at the start or after a crash.
    pub fn wait_until_ready(&self) -> Result<(), String> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if self.psql("postgres", "SELECT 1").is_ok() {
                return Ok(());
            }
            let ended = self.server().try_wait().map_err(|e| e.to_string())?;
            if ended.is_some() || Instant::now() > deadline {
                let log = fs::read_to_string(self.directory.join("log")).unwrap_or_default();
                return Err(format!("postgres does not start:\n{log}"));
            }
            std::thread::sleep(Duration::from_millis(50));
        }
    }

    fn server(&self) -> std::sync::MutexGuard<'_, Child> {
        self.server
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Ends the server by a signal, as `INT` or `KILL`, and starts it again.
    pub fn restart(&self, signal: &str) {
        let pid = self.pid();
        let children = if signal == "KILL" {
            children(pid)
        } else {
            Vec::new()
        };
        crate::signal(pid, signal);
        for child in children {
            crate::signal(child, signal);
        }
        let _ = self.server().wait();
        let deadline = Instant::now() + PATIENCE;
        loop {
            let server = spawn(
                &self.bindir,
                &self.directory,
                self.port,
                &self.settings,
                self.user,
            );
            *self.server() = server.unwrap_or_else(|e| panic!("{e}"));
            match self.wait_until_ready() {
                Ok(()) => return,
                // Processes of the server that was killed may still be there.
                Err(_) if Instant::now() < deadline => {
                    std::thread::sleep(Duration::from_millis(100));
                }
                Err(reason) => panic!("{reason}"),
            }
        }
    }

    /// What the server has logged.
    pub fn log(&self) -> String {
        let bytes = fs::read(self.directory.join("log")).unwrap_or_default();
        String::from_utf8_lossy(&bytes).into_owned()
    }

    /// URL of a database, over TCP as the superuser.
    pub fn url(&self, database: &str) -> String {
        format!("postgres://{SUPERUSER}@127.0.0.1:{}/{database}", self.port)
    }

    /// Directory of the Unix socket.
    pub fn socket_dir(&self) -> &Path {
        &self.directory
    }

    /// Loopback port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Directory of the server's programs.
    pub fn bindir(&self) -> &Path {
        &self.bindir
    }

    /// Runs SQL; gives unaligned tuples, or the error's text.
    pub fn psql(&self, database: &str, sql: &str) -> Result<String, String> {
        let output = self.psql_output(database, sql);
        if output.status.success() {
            let text = String::from_utf8_lossy(&output.stdout);
            Ok(text.trim_end_matches('\n').to_owned())
        } else {
            Err(String::from_utf8_lossy(&output.stderr).into_owned())
        }
    }

    /// A client program of this server, told where the server is.
    pub fn program(&self, name: &str) -> Command {
        let mut command = command(&self.bindir.join(name), self.user);
        command.arg("-h").arg(&self.directory).args([
            "-p",
            &self.port.to_string(),
            "-U",
            SUPERUSER,
        ]);
        command
    }

    /// Runs SQL; gives all that psql says.
    pub fn psql_output(&self, database: &str, sql: &str) -> Output {
        command(&self.bindir.join("psql"), self.user)
            .args(["-X", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-U", SUPERUSER])
            .arg("-h")
            .arg(&self.directory)
            .args(["-p", &self.port.to_string(), "-d", database, "-c", sql])
            .output()
            .unwrap_or_else(|e| panic!("cannot run psql: {e}"))
    }

    /// A fresh database; gives its name.
    pub fn create_database(&self) -> String {
        let name = format!("test_{}", self.databases.fetch_add(1, Ordering::Relaxed));
        self.psql("postgres", &format!("CREATE DATABASE {name}"))
            .unwrap_or_else(|e| panic!("cannot create a database: {e}"));
        name
    }

    /// Dumps a database with `pg_dump` and restores it into an empty one, as a DBA would.
    pub fn dump_and_restore(&self, from: &str, to: &str) {
        self.dump_and_restore_part(&[], from, to);
    }

    /// The same of what these options of `pg_dump` choose.
    pub fn dump_and_restore_part(&self, options: &[&str], from: &str, to: &str) {
        let dump = self
            .program("pg_dump")
            .args(["--no-sync", "-d", from])
            .args(options)
            .output()
            .unwrap_or_else(|e| panic!("cannot run pg_dump: {e}"));
        let said = String::from_utf8_lossy(&dump.stderr);
        assert!(dump.status.success(), "pg_dump fails:\n{said}");
        let path = self.socket_dir().join(format!("{to}.sql"));
        fs::write(&path, &dump.stdout).unwrap_or_else(|e| panic!("cannot write a dump: {e}"));
        let file = fs::File::open(&path).unwrap_or_else(|e| panic!("cannot read a dump: {e}"));
        let restored = self
            .program("psql")
            .args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", to])
            .stdin(Stdio::from(file))
            .output()
            .unwrap_or_else(|e| panic!("cannot run psql: {e}"));
        let said = String::from_utf8_lossy(&restored.stderr);
        assert!(
            restored.status.success(),
            "the dump cannot be restored:\n{said}"
        );
    }

    /// The process of the server.
    pub fn pid(&self) -> u32 {
        self.server().id()
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // SIGINT is the fast shutdown.
        crate::signal(self.pid(), "INT");
        let deadline = Instant::now() + PATIENCE;
        while Instant::now() < deadline {
            if !matches!(self.server().try_wait(), Ok(None)) {
                break;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.server().kill();
        let _ = self.server().wait();
        let _ = fs::remove_dir_all(&self.directory);
    }
}

/// Starts the server's process; its log goes on where it ended.
fn spawn(
    bindir: &Path,
    directory: &Path,
    port: u16,
    settings: &[String],
    user: Option<(u32, u32)>,
) -> Result<Child, String> {
    let log = fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(directory.join("log"))
        .map_err(|e| format!("create the log: {e}"))?;
    let mut server = command(&bindir.join("postgres"), user);
    server
        .arg("-D")
        .arg(directory.join("data"))
        .arg("-k")
        .arg(directory)
        .args(["-p", &port.to_string()])
        .args(["-c", "listen_addresses=127.0.0.1", "-c", "fsync=off"])
        .args(["-c", "full_page_writes=off", "-c", "max_wal_size=2GB"])
        .args(["-c", "max_connections=50"]);
    for setting in settings {
        server.args(["-c", setting]);
    }
    server
        .stdout(Stdio::null())
        .stderr(log)
        .spawn()
        .map_err(|e| format!("run postgres: {e}"))
}

/// Removes a directory if the start fails half-way.
struct Cleanup(Option<PathBuf>);

impl Drop for Cleanup {
    fn drop(&mut self) {
        if let Some(directory) = self.0.take() {
            let _ = fs::remove_dir_all(directory);
        }
    }
}

/// The processes that a process has started.
fn children(parent: u32) -> Vec<u32> {
    let parent = parent.to_string();
    fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| entry.file_name().to_str()?.parse().ok())
        .filter(|pid: &u32| {
            let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
            // The name, in brackets, may hold anything; state and parent follow.
            let after = stat.rsplit(')').next().unwrap_or_default();
            after.split_whitespace().nth(1) == Some(parent.as_str())
        })
        .collect()
}

/// A command as the user under whom the cluster runs, in a directory that it may enter and without
/// the settings of whoever runs the tests.
fn command(program: &Path, user: Option<(u32, u32)>) -> Command {
    let mut command = Command::new(program);
    command.current_dir("/");
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("PG") {
            command.env_remove(name);
        }
    }
    command.env("PGTZ", "UTC");
    if let Some((uid, gid)) = user {
        // Setting the uid as root also drops the supplementary groups.
        command.uid(uid).gid(gid);
    }
    command
}

/// Where the server's programs are: `$PG_CONFIG`, `pg_config`, or Debian's directories.
fn bindir() -> Result<PathBuf, String> {
    let pg_config = std::env::var("PG_CONFIG").unwrap_or_else(|_| "pg_config".to_owned());
    if let Ok(output) = Command::new(pg_config).arg("--bindir").output() {
        let path = PathBuf::from(String::from_utf8_lossy(&output.stdout).trim());
        if path.join("initdb").exists() {
            return Ok(path);
        }
    }
    let mut found: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path().join("bin"))
        .filter(|path| path.join("initdb").exists())
        .collect();
    found.sort();
    found
        .pop()
        .ok_or_else(|| "no PostgreSQL server is installed (no initdb found)".to_owned())
}

/// For root: uid and gid of `postgres` or `nobody`. Else nothing, as the tests' own user will do.
fn unprivileged_user() -> Result<Option<(u32, u32)>, String> {
    let own = fs::metadata("/proc/self").map_err(|e| e.to_string())?;
    if std::os::unix::fs::MetadataExt::uid(&own) != 0 {
        return Ok(None);
    }
    let passwd = fs::read_to_string("/etc/passwd").map_err(|e| e.to_string())?;
    for name in ["postgres", "nobody"] {
        for line in passwd.lines() {
            let fields: Vec<&str> = line.split(':').collect();
            if let [user, _, uid, gid, ..] = fields[..]
                && user == name
                && let (Ok(uid), Ok(gid)) = (uid.parse(), gid.parse())
            {
                return Ok(Some((uid, gid)));
            }
        }
    }
    Err("root cannot run Postgres, and there is no user postgres or nobody".to_owned())
}

fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
