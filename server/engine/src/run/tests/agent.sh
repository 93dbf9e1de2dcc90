#!/bin/sh
# An MCP agent for tests: answers every call with the JSON in the file $2 (and appends the call to the file $3), says $2
# (once the shell script $3 has run), edits below the call's root by the shell script $2 (the second call by $3), or misbehaves as $1 tells.
call=0
case $1 in
review-only) ;;
*) ask=',{"name":"ask","inputSchema":{"type":"object"}}' ;;
esac
case $1 in
edit) edit='{"name":"edit","inputSchema":{"type":"object"}},' ;;
esac
while IFS= read -r line; do
  id=${line#*\"id\":}
  id=${id%%[,\}]*}
  case $line in
  *'"method":"initialize"'*)
    result='{"protocolVersion":"2025-11-25","capabilities":{"tools":{}},"serverInfo":{"name":"fake","version":"1"}}'
    ;;
  *'"method":"tools/list"'*)
    result='{"tools":['$edit'{"name":"review","inputSchema":{"type":"object"}}'$ask']}'
    ;;
  *'"method":"tools/call"'*)
    call=$((call + 1))
    case $1 in
    answer | review-only)
      [ -z "$3" ] || printf '%s\n' "$line" >>"$3"
      result='{"content":[],"structuredContent":'$(cat "$2")'}'
      ;;
    say)
      [ -z "$3" ] || sh -c "$3" >&2
      result='{"content":[{"type":"text","text":"'$2'"}]}'
      ;;
    edit)
      root=${line#*\"root\":\"}
      (cd "${root%%\"*}" && sh -c "$(test $call = 1 && echo "$2" || echo "$3")") >&2
      result='{"content":[],"structuredContent":{"summary":"Edited.","session":"s1"}}'
      ;;
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
