# The Debian package: `cpack` in build/release makes it, of the programs and of
# what deploy/systemd has. The component `service` is for nothing else: it has
# absolute places.

install(FILES deploy/systemd/clawplaned.service
              deploy/systemd/clawplaned@.service
        DESTINATION lib/systemd/system COMPONENT service)
install(FILES deploy/systemd/sysusers.conf DESTINATION lib/sysusers.d
        RENAME clawplane.conf COMPONENT service)
install(FILES deploy/deb/clawplane.yaml DESTINATION /etc/clawplane
        COMPONENT service)
install(FILES deploy/deb/copyright docs/deployment.md docs/security.md
        DESTINATION share/doc/clawplane COMPONENT service)
install(FILES deploy/systemd/credentials.conf deploy/systemd/leave-running.conf
        DESTINATION share/doc/clawplane/examples COMPONENT service)
install(FILES deploy/deb/lintian-overrides DESTINATION share/lintian/overrides
        RENAME clawplane COMPONENT service)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME clawplane)
set(CPACK_PACKAGE_CONTACT "Clawplane maintainers <maintainers@clawplane.example>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "control plane of the OpenClaw gateway")
set(CPACK_PACKAGE_DESCRIPTION
"A daemon that starts the OpenClaw gateway, watches it, stops it and tells the
truth about it, by gRPC: calls, status, events and logs. With its command
line, clawctl.
.
The gateway and the Node that it runs on come from npm and are not part of
this package.")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
    OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ
    WORLD_EXECUTE)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL programs service)
set(CPACK_COMPONENTS_GROUPING ALL_COMPONENTS_IN_ONE)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)
set(CPACK_DEBIAN_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS
    "systemd | systemd-standalone-sysusers | systemd-sysusers")
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "ca-certificates, libatomic1")
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)

# The file list of the control part, and the changelog, which Debian wants
# compressed.
set(scratch ${CMAKE_BINARY_DIR}/deb)
file(WRITE ${scratch}/conffiles "/etc/clawplane/clawplane.yaml\n")
string(TIMESTAMP now "%a, %d %b %Y %H:%M:%S +0000" UTC)
file(WRITE ${scratch}/changelog
"clawplane (${PROJECT_VERSION}) unstable; urgency=medium

  * Made of the sources of this version.

 -- ${CPACK_PACKAGE_CONTACT}  ${now}
")
execute_process(COMMAND gzip -9nf ${scratch}/changelog)
install(FILES ${scratch}/changelog.gz DESTINATION share/doc/clawplane
        COMPONENT service)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
    ${scratch}/conffiles ${PROJECT_SOURCE_DIR}/deploy/deb/postinst
    ${PROJECT_SOURCE_DIR}/deploy/deb/prerm
    ${PROJECT_SOURCE_DIR}/deploy/deb/postrm)

include(CPack)
