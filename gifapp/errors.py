"""Every error gifapp raises.

::

    GifappError
    ├── BadInput            the asker's fault: a 4xx, a failed job; trying again changes nothing
    │   ├── RecipeInvalid
    │   └── SourceRefused   the file's fault
    ├── AccessDenied        who you are, or what you may
    ├── NotFound
    ├── Conflict            someone was first
    ├── LimitReached        too much, or too often
    ├── Cancelled           somebody asked for it
    ├── Transient           worth another attempt
    └── SetupError          the machine or the settings; for whoever runs the service

An error carries facts (`errors.SourceTooLong(duration_s=312.4, limit_s=60)`), its class carries the
sentence. `code` names it for programs and never changes; `str(error)` tells a person what happened
and what to do.
"""

from __future__ import annotations

import re
from typing import Any, ClassVar, Self


class GifappError(Exception):
    """The root: a `code`, the `facts`, and a sentence made of them."""

    sentence: ClassVar[str] = "Something went wrong."
    code: ClassVar[str] = "gifapp-error"

    def __init_subclass__(cls) -> None:
        """Derive the code from the name: SourceTooLong -> source-too-long."""
        cls.code = re.sub(r"(?<!^)(?=[A-Z])", "-", cls.__name__).lower()

    def __init__(self, **facts: Any) -> None:
        super().__init__()
        self.facts = facts
        self._retold: str | None = None

    def __str__(self) -> str:
        return self._retold or self.sentence.format(**self.facts)

    def __reduce__(self) -> tuple[Any, ...]:
        return _rebuild, (self.code, self.facts)

    @classmethod
    def from_code(cls, code: str, facts: dict[str, Any]) -> GifappError:
        """The error that crossed a process boundary as its code and facts."""
        return GifappError.all()[code](**facts)

    @classmethod
    def retold(cls, code: str, sentence: str, facts: dict[str, Any]) -> GifappError:
        """The error that a server told in its own words; one of a newer version is the root itself."""
        error = GifappError.all().get(code, GifappError)(**facts)
        error._retold = sentence
        return error

    @classmethod
    def all(cls) -> dict[str, type[Self]]:
        """Every error below this one, by code."""
        found = {cls.code: cls}
        for child in cls.__subclasses__():
            found |= child.all()
        return found


def _rebuild(code: str, facts: dict[str, Any]) -> GifappError:
    return GifappError.from_code(code, facts)


# --- bad input -------------------------------------------------------------------------------


class BadInput(GifappError):
    sentence = "That was not understood."


class RecipeInvalid(BadInput):
    sentence = "The recipe cannot be used: {problems}."


class OutputIsSource(BadInput):
    sentence = "The GIF would replace its own source {name!r}; choose another output."


class OutputNotWritable(BadInput):
    sentence = "The GIF cannot be written to {path}: {reason}."


class FormatContradicted(BadInput):
    sentence = "The output's name ends in {suffix}, but the recipe's format is {format}; change one of them."


class TargetTooSmall(BadInput):
    sentence = (
        "This clip takes {smallest_bytes:,} bytes at the least, and the target is {target_bytes:,}. "
        "Choose a larger target or a shorter range."
    )


class FieldInvalid(BadInput):
    sentence = "{field}: {problem}."


class JsonInvalid(BadInput):
    sentence = "The body is not JSON as it should be: {problem}."


class BodyTooLarge(BadInput):
    sentence = "The body is larger than the limit of {limit_bytes:,} bytes."


class ContentTypeWrong(BadInput):
    sentence = "The body must be sent as {expected}."


class TusVersionWrong(BadInput):
    sentence = "Resumable uploads speak tus {known}; say so in the header Tus-Resumable."


class ChecksumWrong(BadInput):
    sentence = "The bytes do not match their checksum and were thrown away; send them again."


class ChecksumUnknown(BadInput):
    sentence = "Upload-Checksum must be one of {known}, a space, and the checksum in base64."


class PasswordTooShort(BadInput):
    sentence = "The password is too short; use at least {min_characters} characters."


class PasswordTooLong(BadInput):
    sentence = (
        "The password is longer than {max_bytes} bytes, the most that can be kept. "
        "Use a shorter one; an accented letter counts as two, an emoji as four."
    )


class PasswordTooCommon(BadInput):
    sentence = "This password is among the first that anybody would try; add another word or two."


class SourceRefused(BadInput):
    sentence = "This file cannot be converted."


class SourceNotFound(SourceRefused):
    sentence = "There is no file named {name!r}."


class SourceNotReadable(SourceRefused):
    sentence = "The file {name!r} may not be read; check its permissions."


class SourceGone(SourceRefused):
    sentence = "The video of this job is gone; upload it again."


class SourceEmpty(SourceRefused):
    sentence = "The file is empty."


class SourceNotVideo(SourceRefused):
    sentence = (
        "This is not a video gifapp knows. It reads MP4, MOV, WebM, MKV, AVI, FLV, MPEG, OGG, GIF, "
        "WebP, PNG, JPEG and zips of pictures."
    )


class SourceWithoutPicture(SourceRefused):
    sentence = "There is sound in this file but no video."


class SourceEncrypted(SourceRefused):
    sentence = "This video is encrypted (DRM); export a copy without protection."


class SourceCodecUnsupported(SourceRefused):
    sentence = "This video's codec ({codec}) is not supported; export it as H.264, HEVC, VP9 or AV1."


class SourceDamaged(SourceRefused):
    sentence = "This video is damaged and no picture in it can be read. Try exporting it again."


class SourceTooComplex(SourceRefused):
    sentence = "Looking into this file takes more time or memory than it may. Try exporting it again."


class SourceTooLarge(SourceRefused):
    sentence = "The file is larger than the limit of {limit_bytes:,} bytes."


class SourceTooLong(SourceRefused):
    sentence = "The clip lasts {duration_s:.1f} s; the limit is {limit_s:.0f} s. Choose a shorter range."


class SourceTooManyPixels(SourceRefused):
    sentence = "The video is {width_px} x {height_px}; the limit is {limit_px:,} pixels. Scale it down first."


class FramesInvalid(SourceRefused):
    sentence = "These frames cannot be used: {problem}."


class PicturesInvalid(SourceRefused):
    sentence = "These pictures cannot be used: {problem}."


class RangeOutsideSource(SourceRefused):
    sentence = "The range from {start_s:.2f} s is outside the video, which lasts {duration_s:.2f} s."


class CropOutsideSource(SourceRefused):
    sentence = "The crop reaches outside the video, which is {width_px} x {height_px}."


class ConversionTooSlow(SourceRefused):
    sentence = "The conversion was stopped after {limit_s:.0f} s. Choose a shorter range or a smaller size."


class ConversionTooBig(SourceRefused):
    sentence = (
        "The conversion needed more than its share of memory or disk. "
        "Choose a shorter range or a smaller size."
    )


# --- people ----------------------------------------------------------------------------------


class AccessDenied(GifappError):
    sentence = "You may not do that."


class AdministratorsOnly(AccessDenied):
    sentence = "Only an administrator may do that."


class ScopeMissing(AccessDenied):
    sentence = "This API token lacks the scope {scope!r}; use one that has it."


class SessionNeeded(AccessDenied):
    sentence = "No API token may do that; sign in with your password."


class NotSignedIn(AccessDenied):
    sentence = "Sign in first."


class CredentialsWrong(AccessDenied):
    sentence = "The e-mail address or the password is wrong."


class TokenInvalid(AccessDenied):
    sentence = "This token is not valid; sign in again."


class TokenExpired(TokenInvalid):
    sentence = "This token has expired; sign in again."


class RegistrationClosed(AccessDenied):
    sentence = "Registration is closed here; ask an administrator for an account."


class InviteInvalid(AccessDenied):
    sentence = "The invitation is missing, used or expired; ask an administrator for a new one."


class ResetLinkInvalid(AccessDenied):
    sentence = "This link is used or expired; ask an administrator for a new one."


class SetupTokenWrong(AccessDenied):
    sentence = "The first account needs the setup token that the terminal printed when gifapp started."


class MediaLinkInvalid(AccessDenied):
    sentence = "This link is not valid or has expired; open the picture from the gallery again."


class RequestForged(AccessDenied):
    sentence = "The request lacks its proof of coming from gifapp's own page; reload the page and try again."


class NotFound(GifappError):
    sentence = "There is no such {kind}."


class Conflict(GifappError):
    sentence = "That cannot be done now."


class EmailTaken(Conflict):
    sentence = "There is already an account with this e-mail address."


class LastAdministrator(Conflict):
    sentence = "This is the last administrator; make somebody else one first."


class TooManyTokens(Conflict):
    sentence = "You have {limit} API tokens, as many as one may have; revoke one first."


class TooManyShares(Conflict):
    sentence = "{limit} links lead to this GIF already; revoke one that nobody needs any more."


class JobNotFinished(Conflict):
    sentence = "The job is {state}; there is no GIF to show."


class MoveNotAllowed(Conflict):
    sentence = "The job is {state}; it cannot be {verb}."


class JobRepeated(Conflict):
    sentence = "Another job is making the same GIF already."


class SourceInUse(Conflict):
    sentence = "A job is still working on this video; cancel it first."


class UploadOffsetWrong(Conflict):
    sentence = "{offset:,} bytes have come in so far; go on from there."


class TooManyUploads(Conflict):
    sentence = "You have {limit} unfinished uploads; finish or delete some before you begin another."


class UploadLocked(Conflict):
    sentence = "Somebody is sending this upload just now; try again in a moment."


class LimitReached(GifappError):
    sentence = "That is too much."


class TooManyRequests(LimitReached):
    sentence = "Too many attempts; wait {retry_after_s} s and try again."


class TooManyJobs(TooManyRequests):
    sentence = "You have submitted {limit} jobs within this hour; wait {retry_after_s} s for the next one."


class RateLimited(TooManyRequests):
    sentence = (
        "That is too often: the limit for {what} here is {limit}. Wait {retry_after_s} s and try again."
    )


class SignInSlowed(TooManyRequests):
    sentence = (
        "Too many attempts with a wrong password for this account; wait {retry_after_s} s and try again."
    )


class TooManyDashboards(LimitReached):
    sentence = "You have {limit} dashboards open. Close the tab of one of them, then reload this page."


class DashboardsFull(LimitReached):
    sentence = "All {limit} dashboards of this server are in use. Wait a minute, then reload this page."


class QuotaExceeded(LimitReached):
    sentence = (
        "There is no room for it: you use {used_bytes:,} of your {limit_bytes:,} bytes. "
        "Delete videos or GIFs that you no longer need."
    )


class DiskFull(LimitReached):
    sentence = "The disk is full; make room, or ask the server's administrator."


# --- the run of a job ------------------------------------------------------------------------


class Cancelled(GifappError):
    sentence = "The conversion was cancelled."


class Transient(GifappError):
    sentence = "Something failed that may work next time."


class ConversionCrashed(Transient):
    sentence = "The conversion stopped unexpectedly ({reason})."


class WorkerLost(Transient):
    sentence = "The worker that ran this job disappeared."


class ServiceUnavailable(Transient):
    sentence = "{service} cannot be reached just now; try again in a moment."


# --- whoever runs the service ----------------------------------------------------------------


class SetupError(GifappError):
    sentence = "The service cannot start."


class SettingInvalid(SetupError):
    sentence = "The setting {name} is wrong: {problem}."


class PortTaken(SetupError):
    sentence = "Port {port} on {host} is taken; choose another with --port."


class DirectoryNotWritable(SetupError):
    sentence = "{path} is not writable; choose another with --data-dir, or change its owner."


class DataDirectoryHeld(SetupError):
    sentence = "{path} is in use by gifapp with process id {pid}; stop it first."


class ServerMissing(SetupError):
    sentence = "There is no {program} for this platform; {advice}."


class ServerFailed(SetupError):
    sentence = "{program} does not start: {reason}."


class ServerKeepsFailing(SetupError):
    sentence = "{program} ended {times} times in a row soon after its start: {reason}."


class ServerUnreachable(SetupError):
    sentence = "No server answers at {setting}; start it, or unset {setting} to have gifapp start its own."


class DiskAlmostFull(SetupError):
    sentence = "Only {free_bytes:,} bytes are free at {path}; gifapp needs {needed_bytes:,} to start."


class ServiceNotFound(SetupError):
    sentence = (
        "No gifapp runs on {path}. Start it with `gifapp up`, or set GIFAPP_REDIS_URL and GIFAPP_MONGODB_URL."
    )
