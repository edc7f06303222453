# What others link: the components Rondo::runtime, Rondo::shared, Rondo::text and
# Rondo::planner, in the tree (add_subdirectory) and installed (find_package).
#
# Inside the tree every room is a library of its own; a host gets few, each whole:
#   runtime  librondo.a          reads binary files, proves, replays; the C interface. std only.
#   shared   librondo.so         the same behind the C interface alone; nothing else is exported
#   text     librondo_text.a     reads and writes the text form; needs yaml-cpp
#   planner  librondo_planner.a  graph in, schedule out
#   tbb      librondo_tbb.a      threads of oneTBB for replays; only where oneTBB was there to build with
# The objects are those that the tree's own libraries already compiled.

include(GNUInstallDirs)
include(CMakePackageConfigHelpers)

# rondo_component(name TYPE type OUTPUT output OBJECTS libraries... [LIBS libraries...])
function(rondo_component name)
  cmake_parse_arguments(ARG "" "TYPE;OUTPUT" "OBJECTS;LIBS;PRIVATE_LIBS" ${ARGN})
  set(target rondo_component_${name})
  set(objects "")
  foreach(library ${ARG_OBJECTS})
    list(APPEND objects $<TARGET_OBJECTS:${library}>)
  endforeach()
  add_library(${target} ${ARG_TYPE} ${objects})
  add_library(Rondo::${name} ALIAS ${target})
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${name} OUTPUT_NAME ${ARG_OUTPUT} LINKER_LANGUAGE CXX
                        VERSION ${PROJECT_VERSION} SOVERSION ${RONDO_ABI_VERSION})
  target_include_directories(${target} INTERFACE $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
                             $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
  target_link_libraries(${target} PUBLIC ${ARG_LIBS} PRIVATE $<BUILD_INTERFACE:rondo_options> ${ARG_PRIVATE_LIBS})
  if(RONDO_INSTALL)
    install(TARGETS ${target} EXPORT Rondo_${name}
            ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
    install(EXPORT Rondo_${name} NAMESPACE Rondo:: FILE Rondo_${name}.cmake DESTINATION ${RONDO_CONFIG_DIR})
  endif()
endfunction()

if(RONDO_SANITIZE)
  set(RONDO_SHARED OFF)  # instrumented code is for the project's own tests
endif()
set(RONDO_ABI_VERSION 0)  # as in rondo/rondo.h
set(RONDO_CONFIG_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/Rondo)

rondo_component(runtime TYPE STATIC OUTPUT rondo
                OBJECTS rondo_schedules rondo_verify rondo_kernels rondo_runtime rondo_c
                LIBS Threads::Threads)
# A project without C++ links with the C compiler, which does not know these.
set(cxx_runtime stdc++ m)
target_link_libraries(rondo_component_runtime INTERFACE "$<$<LINK_LANGUAGE:C>:${cxx_runtime}>")
if(RONDO_SHARED)
  rondo_component(shared TYPE SHARED OUTPUT rondo
                  OBJECTS rondo_schedules rondo_verify rondo_kernels rondo_runtime rondo_c
                  PRIVATE_LIBS Threads::Threads)
  set(exports ${PROJECT_SOURCE_DIR}/cmake/exports.map)
  target_link_options(rondo_component_shared PRIVATE LINKER:--version-script=${exports} LINKER:--exclude-libs,ALL)
  set_target_properties(rondo_component_shared PROPERTIES LINK_DEPENDS ${exports})
endif()
rondo_component(text TYPE STATIC OUTPUT rondo_text OBJECTS rondo_text
                LIBS rondo_component_runtime PRIVATE_LIBS yaml-cpp)
if(TARGET rondo_tbb)
  rondo_component(tbb TYPE STATIC OUTPUT rondo_tbb OBJECTS rondo_tbb
                  LIBS rondo_component_runtime PRIVATE_LIBS TBB::tbb)
endif()
rondo_component(planner TYPE STATIC OUTPUT rondo_planner OBJECTS rondo_planner rondo_fusion rondo_fusion_search rondo_fusion_lower rondo_phase rondo_json LIBS rondo_component_text)

if(RONDO_INSTALL)
  if(TARGET rondo)
    install(TARGETS rondo RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  endif()
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/rondo DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
          FILES_MATCHING PATTERN "*.h" PATTERN "*.hpp")
  set(package ${PROJECT_BINARY_DIR}/package)
  configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/RondoConfig.cmake.in ${package}/RondoConfig.cmake
                                INSTALL_DESTINATION ${RONDO_CONFIG_DIR})
  # Before 1.0 a minor version may break its users.
  write_basic_package_version_file(${package}/RondoConfigVersion.cmake COMPATIBILITY SameMinorVersion)
  install(FILES ${package}/RondoConfig.cmake ${package}/RondoConfigVersion.cmake DESTINATION ${RONDO_CONFIG_DIR})

  # Relative to the .pc file itself, so that the tree may be moved.
  file(RELATIVE_PATH RONDO_PC_TO_PREFIX /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
  list(TRANSFORM cxx_runtime PREPEND -l OUTPUT_VARIABLE static_needs)
  list(JOIN static_needs " " static_needs)
  string(APPEND static_needs " -pthread")
  if(RONDO_SHARED)
    set(RONDO_PC_LIBS "-lrondo")
    set(RONDO_PC_LIBS_PRIVATE "${static_needs}")
  else()
    set(RONDO_PC_LIBS "-lrondo ${static_needs}")
    set(RONDO_PC_LIBS_PRIVATE "")
  endif()
  configure_file(${PROJECT_SOURCE_DIR}/cmake/rondo.pc.in ${package}/rondo.pc @ONLY)
  install(FILES ${package}/rondo.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endif()
