"""Errors for what is not permitted, not found, already taken or over a limit."""

from __future__ import annotations

from gifapp.errors.root import GifappError


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
    sentence = "The invitation is missing, used, revoked or expired; ask an administrator for a new one."


class ResetLinkInvalid(AccessDenied):
    sentence = "This link is used, revoked or expired; ask an administrator for a new one."


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


class UploadLocked(Conflict):
    sentence = "Somebody is sending this upload just now; try again in a moment."


class LimitReached(GifappError):
    sentence = "That is too much."


class TooManyRequests(LimitReached):
    sentence = "Too many attempts; wait {retry_after_s} s and try again."


class TooManyAtOnce(TooManyRequests):
    sentence = (
        "{limit} requests of yours are waiting for this already. "
        "Wait for their answers, or {retry_after_s} s, and try again."
    )


class TooManyJobs(TooManyRequests):
    sentence = "You have submitted {limit} jobs within this hour; wait {retry_after_s} s for the next one."


class TooManyUploads(TooManyRequests):
    sentence = "You have {limit} unfinished uploads; finish or delete some before you begin another."


class RateLimited(TooManyRequests):
    sentence = (
        "That is too often: the limit for {what} here is {limit}. Wait {retry_after_s} s and try again."
    )


class SignInSlowed(TooManyRequests):
    sentence = (
        "Too many attempts with a wrong password for this account; wait {retry_after_s} s and try again."
    )


class TooManyConnections(LimitReached):
    sentence = (
        "{limit} connections are open from your address, as many as there may be. "
        "Wait a minute, or close some tabs, and try again."
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
