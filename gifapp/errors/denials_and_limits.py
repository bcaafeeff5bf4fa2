"""Errors for requests that are not permitted, not found, in conflict or over a limit."""

from __future__ import annotations

from gifapp.errors.root import GifappError


class AccessDenied(GifappError):
    sentence = "You don't have permission to do that."


class LinksNotAllowed(AccessDenied):
    sentence = "This server doesn't fetch links. Download the file, and upload it from here."


class AdministratorsOnly(AccessDenied):
    sentence = "Only an administrator can do that."


class ScopeMissing(AccessDenied):
    sentence = "This API token lacks the scope {scope!r}; use one that has it."


class SessionNeeded(AccessDenied):
    sentence = "API tokens can't do that. Sign in with your password."


class NotSignedIn(AccessDenied):
    sentence = "Sign in first."


class CredentialsWrong(AccessDenied):
    sentence = "The email address or the password is wrong."


class TokenInvalid(AccessDenied):
    sentence = "This token is not valid; sign in again."


class TokenExpired(TokenInvalid):
    sentence = "This token has expired; sign in again."


class RegistrationClosed(AccessDenied):
    sentence = "Registration is closed. Ask an administrator for an account."


class InviteInvalid(AccessDenied):
    sentence = "This invitation is missing, used, revoked or expired. Ask an administrator for a new one."


class ResetLinkInvalid(AccessDenied):
    sentence = "This link has been used or revoked, or has expired. Ask an administrator for a new one."


class SetupTokenWrong(AccessDenied):
    sentence = "The first account needs the setup code that the terminal printed when gifapp started."


class MediaLinkInvalid(AccessDenied):
    sentence = "This link is not valid or has expired; open the picture from the gallery again."


class RequestForged(AccessDenied):
    sentence = "The request didn't come from gifapp's own page. Reload the page and try again."


class NotFound(GifappError):
    sentence = "There is no such {kind}."


class Conflict(GifappError):
    sentence = "That can't be done right now."


class EmailTaken(Conflict):
    sentence = "An account with this email address already exists."


class LastAdministrator(Conflict):
    sentence = "This is the last administrator. Make someone else an administrator first."


class TooManyTokens(Conflict):
    sentence = "You have reached the limit of {limit} API tokens. Revoke one first."


class TooManyShares(Conflict):
    sentence = "This GIF has reached the limit of {limit} links. Revoke one first."


class TooManySavedRecipes(Conflict):
    sentence = "You have saved {limit} settings, the maximum. Delete some first."


class JobNotFinished(Conflict):
    sentence = "The job {state_text}; there is no GIF to show."


class MoveNotAllowed(Conflict):
    sentence = "The job {state_text}, so it cannot be {verb}."


class JobRepeated(Conflict):
    sentence = "Another job is already making this GIF."


class SourceInUse(Conflict):
    sentence = "A job is still using this video. Cancel it first."


class UploadOffsetWrong(Conflict):
    sentence = "The upload is at byte {offset:,}. Continue from there."


class UploadLocked(Conflict):
    sentence = "This upload is in use by another request. Try again in a moment."


class LimitReached(GifappError):
    sentence = "A limit was reached."


class TooManyRequests(LimitReached):
    sentence = "Too many attempts. Try again in {retry_after_s} s."


class TooManyAtOnce(TooManyRequests):
    sentence = (
        "You already have {limit} requests of this kind. "
        "Wait for them to finish, or try again in {retry_after_s} s."
    )


class TooMuchAtOnce(TooManyRequests):
    sentence = (
        "Your requests in progress use more than {limit_bytes:size} of memory. "
        "Wait for them to finish, or try again in {retry_after_s} s."
    )


class TooManyJobs(TooManyRequests):
    sentence = "You have submitted {limit} jobs in the last hour. Try again in {retry_after_s} s."


class TooManyUploads(TooManyRequests):
    sentence = "You have {limit} unfinished uploads. Finish or delete some first."


class RateLimited(TooManyRequests):
    sentence = "Too many requests: the limit for {activity} is {limit}. Try again in {retry_after_s} s."


class SignInSlowed(TooManyRequests):
    sentence = "Too many failed sign-ins for this account. Try again in {retry_after_s} s."


class TooManyConnections(LimitReached):
    sentence = (
        "Your address has {limit} open connections, the maximum. "
        "Wait a minute, or close some tabs, and try again."
    )


class TooManyDashboards(LimitReached):
    sentence = "You have {limit} dashboards open. Close the tab of one of them, then reload this page."


class DashboardsFull(LimitReached):
    sentence = "All {limit} dashboards of this server are in use. Wait a minute, then reload this page."


class QuotaExceeded(LimitReached):
    sentence = (
        "Storage full: you use {used_bytes:size} of {limit_bytes:size}. "
        "Delete videos or GIFs you no longer need."
    )


class DiskFull(LimitReached):
    sentence = "The disk is full. Free some space, or ask the administrator."
