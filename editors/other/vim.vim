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

" In your own words: `:GlmEdit make it async`, on the cursor's code or on a range of lines.
" (With any plugin: a comment that ends in AI!, and the code action on it.)
function! s:glm_edit(first, last, instruction) abort
  let l:range = {'start': {'line': a:first - 1, 'character': 0},
        \ 'end': {'line': a:last - 1, 'character': strchars(getline(a:last))}}
  let l:words = {'instruction': a:instruction, 'range': l:range}
  if exists('*lsp#send_request')
    let l:words.uri = lsp#get_text_document_identifier().uri
    call lsp#send_request('glm', {'method': 'workspace/executeCommand',
          \ 'params': {'command': 'glm.edit', 'arguments': [l:words]}})
  elseif exists('*CocRequestAsync')
    let l:words.uri = 'file://' .. expand('%:p')
    call CocRequestAsync('glm', 'workspace/executeCommand',
          \ {'command': 'glm.edit', 'arguments': [l:words]})
  endif
endfunction
command! -nargs=1 -range GlmEdit call s:glm_edit(<line1>, <line2>, <q-args>)
