# Reads what `nginx -T` prints and prints one line for each directive, separated by tabs: its file, the
# blocks it stands in (http>server), the number of the innermost block, the number of the include that
# brought its file (0 for the first), and its words. A block's own line ends in "{".

# blocks PLACE: those that the file is included in at that place, and those in it.
function blocks(place,  i, all) {
  all = outer[place]
  for (i = 1; i <= depth; i++) all = all (all == "" ? "" : ">") block[i]
  return all
}

# A file that several blocks include is printed once by nginx, and stands in each of them.
function print_words(end,  place) {
  for (place = 1; place <= places; place++) {
    print file "\t" blocks(place) "\t" (depth ? number[depth] : inside[place]) "\t" order[place] "\t" words end
  }
}

function word() {
  if (token == "" && !quoted) return
  words = words (words == "" ? "" : " ") (token == "" ? "\"\"" : token)
  if (first == "") first = token
  token = ""
  quoted = 0
}

# What it includes stands in the blocks that the include stands in.
function include(  pattern, place) {
  pattern = substr(words, 9)
  if (pattern !~ /^\//) pattern = folder pattern
  gsub(/[.+()\[\]{}^$|]/, "[&]", pattern)
  gsub(/\[\^\]/, "\\^", pattern)
  gsub(/\*/, "[^/]*", pattern)
  gsub(/\?/, "[^/]", pattern)
  for (place = 1; place <= places; place++) {
    includes++
    included[includes] = "^" pattern "$"
    within[includes] = blocks(place)
    of_block[includes] = depth ? number[depth] : inside[place]
  }
}

function directive() {
  if (words == "") return
  print_words("")
  if (first == "include") include()
  words = first = ""
}

function open_block() {
  depth++
  block[depth] = first
  number[depth] = ++opened
  print_words(" {")
  words = first = ""
}

function start_file(name,  i) {
  file = name
  if (folder == "") {
    folder = name
    sub(/[^\/]*$/, "", folder)
  }
  depth = places = 0
  words = first = token = quote = ""
  for (i = 1; i <= includes; i++) if (file ~ included[i]) {
    outer[++places] = within[i]
    inside[places] = of_block[i]
    order[places] = i
  }
  if (places) return
  places = 1
  outer[1] = ""
  inside[1] = order[1] = 0
}

/^# configuration file .*:$/ {
  start_file(substr($0, 22, length($0) - 22))
  next
}

{
  for (i = 1; i <= length($0); i++) {
    c = substr($0, i, 1)
    if (c == "\\") {
      token = token c substr($0, ++i, 1)
    } else if (quote != "") {
      if (c == quote) quote = ""; else token = token c
    } else if (c == "#" && token == "") {
      break
    } else if ((c == "\"" || c == "'") && token == "") {
      quote = c
      quoted = 1
    } else if (c ~ /[ \t\r]/) {
      word()
    } else if (c == ";") {
      word()
      directive()
    } else if (c == "{" && token ~ /[$]$/) {
      token = token c
      variable = 1
    } else if (c == "{") {
      word()
      open_block()
    } else if (c == "}" && variable) {
      token = token c
      variable = 0
    } else if (c == "}") {
      word()
      words = first = ""
      if (depth) depth--
    } else {
      token = token c
    }
  }
  if (quote != "") token = token " "; else word()
}
