"""Signs of life: what a process says of itself every few seconds, and what is forgotten when it says nothing more.

They lie in Redis and are worth no more than it: losing them costs knowledge of the present, never a record.
"""

from __future__ import annotations

import json
from contextlib import suppress

from domains.push import reach

BEATS = "slotboard:beats:"  # + a kind: the names; + a kind, a colon and a name: what that one says of itself

# In one step, so that a name that begins to beat meanwhile is not dropped as one that has ended.
_READ = """
local living = {}
for _, name in ipairs(redis.call('SMEMBERS', KEYS[1])) do
    local told = redis.call('GET', KEYS[1] .. ':' .. name)
    if told then
        living[#living + 1] = name
        living[#living + 1] = told
    else
        redis.call('SREM', KEYS[1], name)
    end
end
return living
"""


def beat(kind: str, name: str, detail: dict[str, object], ttl: int) -> bool:
    """Say that ``name`` lives, for the next ``ttl`` seconds, and what else is known of it (JSON).

    Never raises; False if Redis did not take it.
    """
    with suppress(reach.Away), reach.redis() as redis, redis.pipeline() as together:
        together.sadd(BEATS + kind, name)
        together.set(f"{BEATS}{kind}:{name}", json.dumps(detail), ex=ttl)
        together.execute()
        return True
    return False


def beats(kind: str) -> dict[str, dict[str, object]] | None:
    """Give what lives, and what each said of itself, by name. None if Redis does not answer. Never raises."""
    try:
        with reach.redis() as redis:
            living = redis.eval(_READ, 1, BEATS + kind)
    except reach.Away:
        return None
    return {name: json.loads(told) for name, told in zip(living[::2], living[1::2], strict=True)}


def forget(kind: str, name: str) -> None:
    """Say that ``name`` has ended. Never raises."""
    with suppress(reach.Away), reach.redis() as redis, redis.pipeline() as together:
        together.srem(BEATS + kind, name)
        together.delete(f"{BEATS}{kind}:{name}")
        together.execute()
