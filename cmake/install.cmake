# Binary, and the data files that weft_data_find looks for under PREFIX/share/weft.
set(WEFT_SHARE ${CMAKE_INSTALL_DATADIR}/weft)
install(TARGETS weft RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY hwconfigs/ DESTINATION ${WEFT_SHARE}/hwconfigs FILES_MATCHING PATTERN "*.yaml" PATTERN "*.csv")
install(DIRECTORY trainer/recipes/ DESTINATION ${WEFT_SHARE}/recipes OPTIONAL FILES_MATCHING PATTERN "*.yaml")
install(DIRECTORY experiments/ DESTINATION ${WEFT_SHARE}/experiments OPTIONAL FILES_MATCHING PATTERN "*.yaml")
install(DIRECTORY docs/schema/ DESTINATION ${WEFT_SHARE}/schema OPTIONAL FILES_MATCHING PATTERN "*.json")
install(FILES docs/weft.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 OPTIONAL)
install(FILES scripts/completion/weft DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions OPTIONAL)
