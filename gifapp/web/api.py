"""Every route of the API."""

from __future__ import annotations

from tornado.routing import URLSpec
from tornado.web import RequestHandler

from gifapp.web.handlers import (
    admin,
    auth,
    batches,
    docs,
    estimates,
    events,
    health,
    jobs,
    me,
    media,
    metrics,
    people,
    previews,
    shares,
    sources,
    tokens,
    uploads,
)
from gifapp.web.http.base import NotFoundHandler

_ID = r"([^/]+)"

# the paths under /api/v1; the first match wins
_VERSION_1: tuple[tuple[str, type[RequestHandler]], ...] = (
    ("/auth/register", auth.RegisterHandler),
    ("/auth/login", auth.LoginHandler),
    ("/auth/refresh", auth.RefreshHandler),
    ("/auth/logout", auth.LogoutHandler),
    ("/auth/logout-everywhere", auth.LogoutEverywhereHandler),
    ("/auth/password", auth.PasswordHandler),
    ("/auth/reset", auth.ResetHandler),
    ("/me", me.MeHandler),
    ("/me/export", me.ExportHandler),
    ("/me/tokens", tokens.TokensHandler),
    (f"/me/tokens/{_ID}", tokens.TokenHandler),
    ("/limits", me.LimitsHandler),
    ("/sources", sources.SourcesHandler),
    (f"/sources/{_ID}", sources.SourceHandler),
    (f"/sources/{_ID}/restore", sources.RestoreHandler),
    (f"/sources/{_ID}/poster", media.PosterHandler),
    (f"/sources/{_ID}/frame", media.FrameHandler),
    (f"/sources/{_ID}/filmstrip", media.FilmstripHandler),
    (f"/sources/{_ID}/video", media.VideoHandler),
    (f"/sources/{_ID}/preview", previews.PreviewHandler),
    ("/uploads", uploads.UploadsHandler),
    (f"/uploads/{_ID}", uploads.UploadHandler),
    ("/jobs", jobs.JobsHandler),
    ("/jobs/batch", batches.BatchHandler),
    (f"/jobs/{_ID}", jobs.JobHandler),
    (f"/jobs/{_ID}/cancel", jobs.CancelHandler),
    (f"/jobs/{_ID}/retry", jobs.RetryHandler),
    (f"/jobs/{_ID}/restore", jobs.RestoreHandler),
    (f"/jobs/{_ID}/gif", media.GifHandler),
    (f"/jobs/{_ID}/still", media.StillHandler),
    (f"/jobs/{_ID}/shares", shares.JobSharesHandler),
    ("/archives", batches.ArchivesHandler),
    (f"/shares/{_ID}", shares.ShareHandler),
    ("/estimates", estimates.EstimatesHandler),
    ("/presets", estimates.PresetsHandler),
    ("/events", events.EventsHandler),
    ("/admin/queue", admin.QueueHandler),
    ("/admin/queue/pause", admin.PauseHandler),
    ("/admin/queue/resume", admin.ResumeHandler),
    ("/admin/workers", admin.WorkersHandler),
    ("/admin/storage", admin.StorageHandler),
    ("/admin/statistics", admin.StatisticsHandler),
    ("/admin/dead-letters", admin.DeadLettersHandler),
    ("/admin/dead-letters/requeue", admin.RequeueAllHandler),
    (f"/admin/dead-letters/{_ID}", admin.DeadLetterHandler),
    (f"/admin/dead-letters/{_ID}/requeue", admin.RequeueHandler),
    ("/admin/users", people.UsersHandler),
    (f"/admin/users/{_ID}", people.UserHandler),
    (f"/admin/users/{_ID}/reset-link", people.ResetLinkHandler),
    ("/admin/invites", people.InvitesHandler),
    ("/admin/links", people.LinksHandler),
    (f"/admin/links/{_ID}", people.LinkHandler),
    ("/admin/audit", people.AuditHandler),
)


def api_routes() -> list[URLSpec]:
    """The routes of the API and of share links; the app handles unknown paths under /api."""
    return [
        *(URLSpec(f"/api/v1{path}", handler) for path, handler in _VERSION_1),
        URLSpec(rf"/s/{_ID}", shares.SharePage),
        URLSpec(rf"/s/{_ID}/[^/]+", shares.SharedFile),
        URLSpec(r"/api/v1/openapi\.json", docs.DocumentHandler, {"routes": api_routes}),
        URLSpec(r"/api/docs", docs.PageHandler),
        URLSpec(rf"/api/docs/{_ID}", docs.PageFileHandler),
        URLSpec(rf"/media/archives/{_ID}", batches.ArchiveHandler, {"signed": True}),
        URLSpec(rf"/media/gifs/{_ID}", media.GifHandler, {"signed": True}),
        URLSpec(rf"/media/stills/{_ID}", media.StillHandler, {"signed": True}),
        URLSpec(rf"/media/posters/{_ID}", media.PosterHandler, {"signed": True}),
        URLSpec(rf"/media/frames/{_ID}", media.FrameHandler, {"signed": True}),
        URLSpec(rf"/media/filmstrips/{_ID}", media.FilmstripHandler, {"signed": True}),
        URLSpec(rf"/media/videos/{_ID}", media.VideoHandler, {"signed": True}),
        URLSpec(rf"/media/previews/{_ID}", previews.PreviewHandler, {"signed": True}),
        URLSpec(r"/metrics", metrics.MetricsHandler),
        URLSpec(r"/health/live", health.LiveHandler),
        URLSpec(r"/health/ready", health.ReadyHandler),
        URLSpec(r"/(?:media|health)(?:/.*)?", NotFoundHandler),
    ]
