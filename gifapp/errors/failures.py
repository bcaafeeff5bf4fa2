"""Errors that end a job, that are worth another attempt, or that the operator must fix."""

from __future__ import annotations

from gifapp.errors.root import GifappError


class Cancelled(GifappError):
    sentence = "The conversion was cancelled."


class Transient(GifappError):
    sentence = "Something failed that may work next time."


class ConversionCrashed(Transient):
    sentence = "The conversion stopped unexpectedly ({reason})."


class ServerDiskFull(Transient):
    sentence = "The server's disk filled up during the conversion."


class WaitingForDisk(ServerDiskFull):
    sentence = "The server's disk is full; the job goes on when there is room."


class WorkerLost(Transient):
    sentence = "The worker that ran this job disappeared."


class ServiceUnavailable(Transient):
    sentence = "{service} cannot be reached just now; try again in a moment."


class ServiceRefused(ServiceUnavailable):
    sentence = "{service} refuses the user or the password that {setting} names."


class SetupError(GifappError):
    sentence = "The service cannot start."


class SettingInvalid(SetupError):
    sentence = "The setting {name} is wrong: {problem}."


class PortTaken(SetupError):
    sentence = "Port {port} on {host} is taken; choose another with --port."


class DirectoryNotWritable(SetupError):
    sentence = "{path} is not writable; choose another with --data-dir, or change its owner."


class NotPrivate(SetupError):
    sentence = "{path} {problem}."


class DataDirectoryHeld(SetupError):
    sentence = "{path} is in use by gifapp with process id {pid}; stop it first."


class ServerMissing(SetupError):
    sentence = "There is no {program} for this platform; {advice}."


class MongodbDataForeign(SetupError):
    sentence = (
        "The data in {path} are of MongoDB {version}, and no mongod here opens them: "
        "install MongoDB {version}, or restore a backup into a new --data-dir."
    )


class ServerFailed(SetupError):
    sentence = "{program} does not start: {reason}."


class ServerKeepsFailing(SetupError):
    sentence = "{program} ended {times} times in a row soon after its start: {reason}."


class ServerUnreachable(SetupError):
    sentence = "No server answers at {setting}; start it, or unset {setting} to have gifapp start its own."


class DiskAlmostFull(SetupError):
    sentence = "Only {free_bytes:,} bytes are free at {path}; gifapp needs {needed_bytes:,} to start."


class DataTooNew(SetupError):
    sentence = (
        "A newer gifapp has written these data (shape {found}; this one knows {known}): upgrade gifapp, "
        "or restore a backup of before."
    )


class BackupUnreadable(SetupError):
    sentence = "The backup cannot be used: {problem}."


class BackupTooNew(SetupError):
    sentence = (
        "This backup is of gifapp {version}, in a form that this version does not know: upgrade gifapp."
    )


class BackupNotWritable(SetupError):
    sentence = "The backup cannot be written to {path}: {reason}."


class RestoreTargetNotEmpty(SetupError):
    sentence = "A backup is restored into an empty gifapp only, and here {what}; choose another --data-dir."


class ServiceNotFound(SetupError):
    sentence = (
        "No gifapp runs on {path}. Start it with `gifapp up`, or set GIFAPP_REDIS_URL and GIFAPP_MONGODB_URL."
    )
