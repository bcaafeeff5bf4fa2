"""Every route of the API."""

from __future__ import annotations

from tornado.routing import URLSpec

from gifapp.web.handlers import (
    admin,
    auth,
    docs,
    estimates,
    events,
    health,
    jobs,
    me,
    media,
    metrics,
    people,
    shares,
    sources,
    tokens,
    uploads,
)
from gifapp.web.http.base import NotFoundHandler

_API = r"/api/v1"
_ID = r"([^/]+)"


def api_routes() -> list[URLSpec]:
    """The routes under /api/v1, /media and /health; unknown ones under /api are left to the app."""
    return [
        URLSpec(rf"{_API}/auth/register", auth.RegisterHandler),
        URLSpec(rf"{_API}/auth/login", auth.LoginHandler),
        URLSpec(rf"{_API}/auth/refresh", auth.RefreshHandler),
        URLSpec(rf"{_API}/auth/logout", auth.LogoutHandler),
        URLSpec(rf"{_API}/auth/logout-everywhere", auth.LogoutEverywhereHandler),
        URLSpec(rf"{_API}/auth/password", auth.PasswordHandler),
        URLSpec(rf"{_API}/auth/reset", auth.ResetHandler),
        URLSpec(rf"{_API}/me", me.MeHandler),
        URLSpec(rf"{_API}/me/export", me.ExportHandler),
        URLSpec(rf"{_API}/me/tokens", tokens.TokensHandler),
        URLSpec(rf"{_API}/me/tokens/{_ID}", tokens.TokenHandler),
        URLSpec(rf"{_API}/limits", me.LimitsHandler),
        URLSpec(rf"{_API}/sources", sources.SourcesHandler),
        URLSpec(rf"{_API}/sources/{_ID}", sources.SourceHandler),
        URLSpec(rf"{_API}/sources/{_ID}/poster", media.PosterHandler),
        URLSpec(rf"{_API}/sources/{_ID}/frame", media.FrameHandler),
        URLSpec(rf"{_API}/uploads", uploads.UploadsHandler),
        URLSpec(rf"{_API}/uploads/{_ID}", uploads.UploadHandler),
        URLSpec(rf"{_API}/jobs", jobs.JobsHandler),
        URLSpec(rf"{_API}/jobs/{_ID}", jobs.JobHandler),
        URLSpec(rf"{_API}/jobs/{_ID}/cancel", jobs.CancelHandler),
        URLSpec(rf"{_API}/jobs/{_ID}/retry", jobs.RetryHandler),
        URLSpec(rf"{_API}/jobs/{_ID}/gif", media.GifHandler),
        URLSpec(rf"{_API}/jobs/{_ID}/shares", shares.JobSharesHandler),
        URLSpec(rf"{_API}/shares/{_ID}", shares.ShareHandler),
        URLSpec(rf"/s/{_ID}", shares.SharePage),
        URLSpec(rf"/s/{_ID}/[^/]+", shares.SharedFile),
        URLSpec(rf"{_API}/estimates", estimates.EstimatesHandler),
        URLSpec(rf"{_API}/presets", estimates.PresetsHandler),
        URLSpec(rf"{_API}/events", events.EventsHandler),
        URLSpec(rf"{_API}/admin/queue", admin.QueueHandler),
        URLSpec(rf"{_API}/admin/queue/pause", admin.PauseHandler),
        URLSpec(rf"{_API}/admin/queue/resume", admin.ResumeHandler),
        URLSpec(rf"{_API}/admin/workers", admin.WorkersHandler),
        URLSpec(rf"{_API}/admin/storage", admin.StorageHandler),
        URLSpec(rf"{_API}/admin/statistics", admin.StatisticsHandler),
        URLSpec(rf"{_API}/admin/dead-letters", admin.DeadLettersHandler),
        URLSpec(rf"{_API}/admin/dead-letters/requeue", admin.RequeueAllHandler),
        URLSpec(rf"{_API}/admin/dead-letters/{_ID}", admin.DeadLetterHandler),
        URLSpec(rf"{_API}/admin/dead-letters/{_ID}/requeue", admin.RequeueHandler),
        URLSpec(rf"{_API}/openapi\.json", docs.DocumentHandler, {"routes": api_routes}),
        URLSpec(r"/api/docs", docs.PageHandler),
        URLSpec(rf"/api/docs/{_ID}", docs.PageFileHandler),
        URLSpec(rf"{_API}/admin/users", people.UsersHandler),
        URLSpec(rf"{_API}/admin/users/{_ID}", people.UserHandler),
        URLSpec(rf"{_API}/admin/users/{_ID}/reset-link", people.ResetLinkHandler),
        URLSpec(rf"{_API}/admin/invites", people.InvitesHandler),
        URLSpec(rf"{_API}/admin/links", people.LinksHandler),
        URLSpec(rf"{_API}/admin/links/{_ID}", people.LinkHandler),
        URLSpec(rf"{_API}/admin/audit", people.AuditHandler),
        URLSpec(rf"/media/gifs/{_ID}", media.GifHandler, {"signed": True}),
        URLSpec(rf"/media/posters/{_ID}", media.PosterHandler, {"signed": True}),
        URLSpec(rf"/media/frames/{_ID}", media.FrameHandler, {"signed": True}),
        URLSpec(r"/metrics", metrics.MetricsHandler),
        URLSpec(r"/health/live", health.LiveHandler),
        URLSpec(r"/health/ready", health.ReadyHandler),
        URLSpec(r"/(?:media|health)(?:/.*)?", NotFoundHandler),
    ]
