" Vim 9 with the plugin vim-lsp or yegappan/lsp: one of the two parts goes into your vimrc.
" Edits arrive when they are complete, and one u takes them back.
" The API key never stands here: set GLM_API_KEY, or run `glm-lsp auth set`.

" With prabirshrestha/vim-lsp, beside other servers; :LspCodeAction lists GLM's actions.
augroup glm
  autocmd!
  autocmd User lsp_setup call lsp#register_server({
        \ 'name': 'glm',
        \ 'cmd': {_ -> ['glm-lsp']},
        \ 'allowlist': ['*'],
        \ 'initialization_options': {},
        \ })
augroup END

" With yegappan/lsp; :LspCodeAction lists GLM's actions.
if exists('*LspAddServer')
  call LspAddServer([#{
        \ name: 'glm',
        \ filetype: ['python', 'javascript', 'typescript', 'go', 'rust', 'c', 'cpp', 'java'],
        \ path: 'glm-lsp',
        \ args: [],
        \ initializationOptions: #{},
        \ }])
endif
