-- Counts one request in every window of a key, or in none. KEYS: one per window. ARGV: the request's entry, empty to only
-- look; then name and limit of each window. Returns whether it was let in, the day since 1970, and for each window how
-- much of it is used and for how many microseconds no more is free.
local MINUTE, DAY = 60000000, 86400000000
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local day = math.floor(now / DAY)
local entry = ARGV[1]

-- The clock was set back: requests from its future leave 60 s from now, neither earlier nor much later.
local function follow(key)
  local newest = redis.call('ZRANGE', key, -1, -1, 'WITHSCORES')[2]
  if newest and tonumber(newest) > now then
    for _, late in ipairs(redis.call('ZRANGEBYSCORE', key, string.format('(%.0f', now), '+inf')) do
      redis.call('ZADD', key, now, late)
    end
  end
end

local function minute(key, limit)
  follow(key)
  redis.call('ZREMRANGEBYSCORE', key, '-inf', now - MINUTE)
  local used = redis.call('ZCARD', key)
  local index = math.max(0, used - limit)
  local leaving = redis.call('ZRANGE', key, index, index, 'WITHSCORES')[2] or now
  return used, tonumber(leaving) + MINUTE - now
end

local function today(key)
  local kept = redis.call('HMGET', key, 'day', 'used')
  local used = tonumber(kept[1] or -1) == day and tonumber(kept[2]) or 0
  return used, (day + 1) * DAY - now
end

local is_free = true
local states = {}
for i, key in ipairs(KEYS) do
  local limit = tonumber(ARGV[2 * i + 1])
  local used, reset
  if ARGV[2 * i] == 'rpm' then
    used, reset = minute(key, limit)
  else
    used, reset = today(key)
  end
  is_free = is_free and used < limit
  states[i] = { used, reset }
end

local reply = { is_free and 1 or 0, day }
for i, key in ipairs(KEYS) do
  local used, reset = states[i][1], states[i][2]
  if is_free and entry ~= '' then
    used = used + 1
    if ARGV[2 * i] == 'rpm' then
      redis.call('ZADD', key, now, entry)
      redis.call('PEXPIRE', key, MINUTE / 1000)
    else
      redis.call('HSET', key, 'day', day, 'used', used)
      redis.call('PEXPIRE', key, math.ceil(reset / 1000))
    end
  end
  table.insert(reply, used)
  table.insert(reply, reset)
end
return reply
