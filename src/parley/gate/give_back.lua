-- Uncounts one request. KEYS: one per window that it was counted in. ARGV: its entry, its day, the name of each window.
for i, key in ipairs(KEYS) do
  if ARGV[i + 2] == 'rpm' then
    redis.call('ZREM', key, ARGV[1])
  else
    local kept = redis.call('HMGET', key, 'day', 'used')
    if kept[1] == ARGV[2] and tonumber(kept[2]) > 0 then
      redis.call('HINCRBY', key, 'used', -1)
    end
  end
end
return 1
