"""Slotboard's settings. Every variable read here is described in ``.env.example``."""

from __future__ import annotations

from pathlib import Path

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from environs import EnvError, validate

from dashboard import environment
from dashboard.environment import env

BASE_DIR = Path(__file__).resolve().parent.parent
VAR = environment.data_folder(BASE_DIR)
VERSION = "0.1.0"

SECRET_KEY = environment.secret_key(VAR)
try:
    DEBUG = env.bool("SLOTBOARD_DEBUG", False)
    ALLOWED_HOSTS = env.list("SLOTBOARD_ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])
    DATABASES = {"default": env.dj_db_url("DATABASE_URL", f"sqlite:///{VAR / 'slotboard.sqlite3'}")}
    HTTPS = env.bool("SLOTBOARD_HTTPS", False)
    SOCKET_DIRS = env.list("SLOTBOARD_SOCKET_DIRS", ["/run/libvirt", "/run/slotboard"], delimiter=":")
    CREDENTIAL_DIR = env.str("SLOTBOARD_CREDENTIAL_DIR", "")
    ALLOW_TCP = env.bool("SLOTBOARD_ALLOW_TCP", False)
    LOG_LEVEL = env.str("SLOTBOARD_LOG_LEVEL", "info").upper()
    WORKER_PROCESSES = env.int("SLOTBOARD_WORKER_PROCESSES", 4)
    CHANGES_PER_HOST = env.int("SLOTBOARD_CHANGES_PER_HOST", 3)
    HEAD_FILE = Path(env.str("SLOTBOARD_HEAD_FILE", "") or VAR / "history-heads.ndjson")
    HEAD_ENTRIES = env.int("SLOTBOARD_HEAD_ENTRIES", 1000, validate=validate.Range(min=1))
    REQUIRE_NOTE = env.bool("SLOTBOARD_REQUIRE_NOTE", False)
except EnvError as error:
    raise ImproperlyConfigured(str(error)) from error

if LOG_LEVEL not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
    raise ImproperlyConfigured("SLOTBOARD_LOG_LEVEL must be debug, info, warning or error.")
if not 1 <= CHANGES_PER_HOST < WORKER_PROCESSES:
    raise ImproperlyConfigured(
        f"SLOTBOARD_CHANGES_PER_HOST is {CHANGES_PER_HOST} and SLOTBOARD_WORKER_PROCESSES {WORKER_PROCESSES}: "
        "the first must be at least 1 and below the second, so that one frozen host never takes every process."
    )
WORKER_QUEUES = environment.queues("SLOTBOARD_WORKER_QUEUES")
UNPLUG_PATIENCE = environment.seconds("SLOTBOARD_UNPLUG_PATIENCE", 300)
QUEUE_PATIENCE = environment.seconds("SLOTBOARD_QUEUE_PATIENCE", 600)
TRUSTED_PROXIES = environment.networks("SLOTBOARD_TRUSTED_PROXIES")
HEAD_INTERVAL = environment.seconds("SLOTBOARD_HEAD_INTERVAL", 600)
METRICS_LISTEN = environment.listen_address("SLOTBOARD_METRICS_LISTEN")

INSTALLED_APPS = [
    "domains",  # before Django's own: its commands about accounts take the place of theirs
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "csp",
    "django_htmx",
]
MIDDLEWARE = [
    "domains.api.answers.JsonAnswers",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "dashboard.refusals.RecordRefusals",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]
ROOT_URLCONF = "dashboard.urls"
ASGI_APPLICATION = "dashboard.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "domains.web.context.frame",
            ],
            "builtins": ["domains.web.tags"],
        },
    },
]

if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # IMMEDIATE: a transaction that will write takes the write lock at once, so two of them can never both
    # read and then fail to write. FULL: what was committed before a call to a hypervisor survives a power cut.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;",
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = False

REDIS_URL = environment.redis_url(VAR)
CACHES = {
    "default": {
        "BACKEND": "dashboard.shared_cache.SharedCache",
        "LOCATION": REDIS_URL,
        "KEY_PREFIX": "slotboard-limits",
    }
}
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "domains.web.errors.csrf_failure"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None

AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
ACCOUNT_ADAPTER = "dashboard.accounts.ClosedAccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_SESSION_REMEMBER = False
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"

STATIC_URL = "/static/"
STATIC_ROOT = VAR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "base-uri": [NONE],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "object-src": [NONE],
    },
}
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"

# Where hypervisor connections come from; the tests put their simulator here.
GATEWAY = "domains.hypervisor.libvirt_gateway.open_gateway"

CELERY_BROKER_URL = REDIS_URL.replace("unix://", "redis+socket://", 1)
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "max_retries": 1,
    "socket_connect_timeout": 0.1,
    "socket_timeout": 2,
    "visibility_timeout": 3600,
}
CELERY_TASK_PUBLISH_RETRY_POLICY = {
    "max_retries": 1,
    "interval_start": 0,
    "interval_step": 0,
    "interval_max": 0,
}
# The message is only a doorbell and the row is the queue, so nothing here relies on redelivery.
CELERY_TASK_ACKS_LATE = False
CELERY_TASK_REJECT_ON_WORKER_LOST = False
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_SOFT_TIME_LIMIT = 60  # above libvirt's 30 s wait for a domain's lock and 10 s for an unplug
CELERY_TASK_TIME_LIMIT = 75
CELERY_WORKER_CONCURRENCY = WORKER_PROCESSES
# After so many seconds, what a killed process was at no longer counts as being worked at.
CELERY_WORKER_LOST_WAIT = 1.0
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_DISABLE_PREFETCH = True
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_WORKER_SOFT_SHUTDOWN_TIMEOUT = 5
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_DB_REUSE_MAX = 10_000  # tasks; Celery would close the database's connection after each

LOGGING_CONFIG = "dashboard.logs.configure"
LOGGING = {"level": LOG_LEVEL}
