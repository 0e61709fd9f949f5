"""A typed cache for WebAssembly components, shared by the whole fleet.

Values are stored as CBOR (RFC 8949), so what a component in one language stores, a
component in another reads. None is a value like any other: reading it is a hit.
"""

from ._arguments import Time
from ._cache import Cache, clear, evict_tags
from ._errors import (
    CacheDeniedError,
    CacheError,
    CacheInvalidKeyError,
    CacheInvalidTtlError,
    CacheKeyGenerationError,
    CacheLeaseHeldError,
    CacheLoadFailedError,
    CacheLockTimeoutError,
    CacheOperationFailedError,
    CacheQuotaExceededError,
    CacheSerializationError,
    CacheUnavailableError,
    CacheUnsupportedError,
    CacheValueTooLargeError,
)
from ._functions import Decorated, cache_evict, cacheable
from ._lookup import EntryInfo, Hit, Lease, Lookup, Miss, Pass, Stale
from ._reports import (
    ComponentHealth,
    Config,
    Detail,
    Endpoint,
    HealthReport,
    HealthStatus,
    InfoGroup,
    InfoSection,
    Metrics,
    config,
    health,
    info,
    metrics,
)
from ._steps import Loaded, NotStored, Outcome, Source
from ._template import key
from ._types import Form

__all__ = [
    "Cache",
    "CacheDeniedError",
    "CacheError",
    "CacheInvalidKeyError",
    "CacheInvalidTtlError",
    "CacheKeyGenerationError",
    "CacheLeaseHeldError",
    "CacheLoadFailedError",
    "CacheLockTimeoutError",
    "CacheOperationFailedError",
    "CacheQuotaExceededError",
    "CacheSerializationError",
    "CacheUnavailableError",
    "CacheUnsupportedError",
    "CacheValueTooLargeError",
    "ComponentHealth",
    "Config",
    "Decorated",
    "Detail",
    "Endpoint",
    "EntryInfo",
    "Form",
    "HealthReport",
    "HealthStatus",
    "Hit",
    "InfoGroup",
    "InfoSection",
    "Lease",
    "Loaded",
    "Lookup",
    "Metrics",
    "Miss",
    "NotStored",
    "Outcome",
    "Pass",
    "Source",
    "Stale",
    "Time",
    "cache_evict",
    "cacheable",
    "clear",
    "config",
    "evict_tags",
    "health",
    "info",
    "key",
    "metrics",
]
