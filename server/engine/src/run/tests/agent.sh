#!/bin/sh
# An MCP agent for tests: answers every call with the JSON in the file $2, says $2, or misbehaves as $1 tells.
while IFS= read -r line; do
  id=${line#*\"id\":}
  id=${id%%[,\}]*}
  case $line in
  *'"method":"initialize"'*)
    result='{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"fake","version":"1"}}'
    ;;
  *'"method":"tools/list"'*)
    result='{"tools":[{"name":"review","inputSchema":{"type":"object"}},{"name":"ask","inputSchema":{"type":"object"}}]}'
    ;;
  *'"method":"tools/call"'*)
    case $1 in
    answer) result='{"content":[],"structuredContent":'$(cat "$2")'}' ;;
    say) result='{"content":[{"type":"text","text":"'$2'"}]}' ;;
    hang) continue ;;
    crash)
      echo "the house burns" >&2
      exit 3
      ;;
    esac
    ;;
  *) continue ;;
  esac
  printf '{"jsonrpc":"2.0","id":%s,"result":%s}\n' "$id" "$result"
done
