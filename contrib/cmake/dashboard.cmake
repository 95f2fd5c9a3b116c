# Writes OUT, a C file that holds the dashboard as one document, and HTML, the same document for a look at it. DIR holds
# index.html, *.css and ES modules: each module becomes a function that runs once, behind those that it imports, and returns what it
# exports, so that one script without imports does what they did. So: no circles, one `export` a declaration at a line's beginning,
# and imports as `import { a, b } from './name.js';`.
cmake_minimum_required(VERSION 3.25)

set(script "")
set(seen "")
function(add_module name)
  if(name IN_LIST seen)
    return()
  endif()
  list(APPEND seen ${name})
  file(READ ${DIR}/${name} text)
  string(REGEX MATCHALL "from '\\./[a-z_]+\\.js'" imports "${text}")
  foreach(import IN LISTS imports)
    string(REGEX REPLACE "from '\\./([a-z_]+\\.js)'" "\\1" import "${import}")
    add_module(${import})
  endforeach()
  string(REGEX MATCHALL "\nexport (async function|function|const|class) [A-Za-z0-9_]+" exports "\n${text}")
  list(TRANSFORM exports REPLACE "\nexport (async function|function|const|class) " "")
  list(JOIN exports ", " exports)
  string(REGEX REPLACE "import ([{][^}]*[}]) from '\\./([a-z_]+)\\.js';" "const \\1 = in_\\2;" text "${text}")
  string(REGEX REPLACE "\nexport (async function|function|const|class) " "\n\\1 " text "\n${text}")
  string(REGEX REPLACE "\\.js$" "" module ${name})
  set(script "${script}const in_${module} = (() => {${text}return { ${exports} };\n})();\n" PARENT_SCOPE)
  set(seen "${seen}" PARENT_SCOPE)
endfunction()
add_module(main.js)

set(style "")
file(GLOB sheets ${DIR}/*.css)
list(SORT sheets)
foreach(sheet IN LISTS sheets)
  file(READ ${sheet} text)
  string(APPEND style "${text}")
endforeach()

# What lies between the tags is what the policy's hashes are made of: offsets and lengths in bytes.
file(READ ${DIR}/index.html html)
string(REPLACE "@STYLE@" "${style}" html "${html}")
string(REPLACE "@SCRIPT@" "${script}" html "${html}")
function(between open close ret)
  string(FIND "${html}" "${open}" at)
  string(LENGTH "${open}" n)
  math(EXPR at "${at} + ${n}")
  string(FIND "${html}" "${close}" end REVERSE)
  math(EXPR n "${end} - ${at}")
  set(${ret} "{ ${at}, ${n} }" PARENT_SCOPE)
endfunction()
between("<style>" "</style>" style_at)
between("<script type=\"module\">" "</script>" script_at)
file(WRITE ${HTML} "${html}")

file(READ ${HTML} hex HEX)
string(LENGTH "${hex}" bytes)
math(EXPR bytes "${bytes} / 2")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," hex "${hex}")
file(WRITE ${OUT} "#include \"document.h\"

static const unsigned char text[] = { ${hex} 0 };
const struct web_document web_document = { text, ${bytes}, ${style_at}, ${script_at} };
")
