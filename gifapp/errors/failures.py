"""Cancellation, temporary failures worth a retry, and errors that the operator must fix."""

from __future__ import annotations

from gifapp.errors.root import GifappError


class Cancelled(GifappError):
    sentence = "The conversion was cancelled."


class Transient(GifappError):
    sentence = "A temporary failure; try again."


class ConversionCrashed(Transient):
    sentence = "The conversion stopped unexpectedly ({reason})."


class ServerDiskFull(Transient):
    sentence = "The server's disk filled up during the conversion."


class WaitingForDisk(ServerDiskFull):
    sentence = "The server's disk is full. The job continues when there is space."


class WorkerLost(Transient):
    sentence = "The worker running this job was lost."


class ServiceUnavailable(Transient):
    sentence = "Can't reach {service}. Try again in a moment."


class LinkInterrupted(Transient):
    sentence = "Can't get the file from {host}: {problem}. Try again."


class ServiceRefused(ServiceUnavailable):
    sentence = "{service} rejected the user or password in {setting}."


class SetupError(GifappError):
    sentence = "The service cannot start."


class SettingInvalid(SetupError):
    sentence = "The setting {name} is wrong: {problem}."


class ServiceNotInstalled(SetupError):
    sentence = "This needs more than is installed ({module} is missing): pip install 'gifapp[service]'."


class EncoderNotBuilt(SetupError):
    sentence = (
        "The GIF encoder's compiled part is missing, or older than its source code. Reinstall gifapp; "
        "in a checkout, run `pip install --editable .`."
    )


class LauncherNotBuilt(SetupError):
    sentence = (
        "The compiled program that starts gifapp's processes is missing, not executable, or older than its "
        "source code. Reinstall gifapp; in a checkout, run `pip install --editable .`."
    )


class FfmpegMissing(SetupError):
    sentence = (
        "No ffmpeg was found. Reinstall imageio-ffmpeg, put ffmpeg on PATH, or name it in IMAGEIO_FFMPEG_EXE."
    )


class PortTaken(SetupError):
    sentence = "Port {port} on {host} is in use. Choose another with --port."


class DirectoryNotWritable(SetupError):
    sentence = "{path} is not writable. Change its owner, or choose another with --data-dir."


class NotPrivate(SetupError):
    sentence = "{path} {problem}."


class DataDirectoryHeld(SetupError):
    sentence = "{path} is in use by gifapp (process {pid}). Stop it first."


class ServerMissing(SetupError):
    sentence = "{program} is not available for this platform; {advice}."


class MongodbDataForeign(SetupError):
    sentence = (
        "The data in {path} needs MongoDB {version}, which is not installed: "
        "install MongoDB {version}, or restore a backup into a new --data-dir."
    )


class ServerFailed(SetupError):
    sentence = "{program} failed to start: {reason}."


class ServerKeepsFailing(SetupError):
    sentence = "{program} stopped {times} times in a row soon after starting: {reason}."


class ServerUnreachable(SetupError):
    sentence = (
        "No server responds at the address in {setting}. "
        "Start the server, or unset {setting} and gifapp starts its own."
    )


class DiskAlmostFull(SetupError):
    sentence = "Only {free_bytes:size} are free at {path}; gifapp needs {needed_bytes:size} to start."


class DataTooNew(SetupError):
    sentence = (
        "This data was written by a newer gifapp (schema {found}; this version supports {known}). "
        "Upgrade gifapp, or restore an older backup."
    )


class BackupUnreadable(SetupError):
    sentence = "The backup cannot be used: {problem}."


class BackupTooNew(SetupError):
    sentence = "This backup was made by gifapp {version}, which is newer than this one. Upgrade gifapp."


class BackupNotWritable(SetupError):
    sentence = "The backup cannot be written to {path}: {reason}."


class RestoreTargetNotEmpty(SetupError):
    sentence = (
        "A backup can only be restored into an empty installation, but {what}. Choose another --data-dir."
    )


class ServiceNotFound(SetupError):
    sentence = (
        "No gifapp service is running with the data directory {path}. "
        "Start it with `gifapp up`, or set GIFAPP_REDIS_URL and GIFAPP_MONGODB_URL."
    )
