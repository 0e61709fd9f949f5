"""What the library tells of what it let pass."""

import logging

_LOGGER = logging.getLogger("spakky_cache")
_told: set[tuple[str, ...]] = set()


def once(cause: tuple[str, ...], text: str, *arguments: object) -> None:
    """A warning, if this is the first one of its cause in this process."""
    if cause not in _told:
        _told.add(cause)
        _LOGGER.warning(text + " (further ones are not logged)", *arguments)
