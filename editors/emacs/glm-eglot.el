;;; glm-eglot.el --- GLM through eglot -*- lexical-binding: t; -*-

;; Emacs 29 or later, whose eglot is built in.  Put this into your init file.
;;
;; eglot runs one server per buffer: this is for files that have no other.  To have GLM
;; beside another server use lsp-mode (glm-lsp-mode.el), or put a multiplexer between.
;;
;; M-x eglot-code-actions lists GLM's actions.  An edit arrives when it is complete, and one
;; undo takes it back.  Suggestions come through completion-at-point.
;; The API key never stands here: set GLM_API_KEY, or run "glm-lsp auth set".

(require 'eglot)

(add-to-list 'eglot-server-programs
             '((python-mode python-ts-mode sh-mode bash-ts-mode lua-mode ruby-mode)
               . ("glm-lsp")))

;; The server's settings, for instance:
;; (setq-default eglot-workspace-configuration
;;               '(:glm (:models (:actions "glm-5.1") :completion (:maxLines 6))))

;; In your own words: C-c g asks what should be done at point, or with the region.
(defun glm-edit (instruction)
  "Have GLM do INSTRUCTION with the code at point, or with the region."
  (interactive (list (read-string "What should GLM do? ")))
  (let ((start (if (use-region-p) (region-beginning) (point)))
        (end (if (use-region-p) (region-end) (point))))
    (jsonrpc-async-request
     (eglot--current-server-or-lose) :workspace/executeCommand
     (list :command "glm.edit"
           :arguments (vector (list :uri (plist-get (eglot--TextDocumentIdentifier) :uri)
                                    :range (list :start (eglot--pos-to-lsp-position start)
                                                 :end (eglot--pos-to-lsp-position end))
                                    :instruction instruction)))
     :error-fn (lambda (problem) (message "GLM: %s" (plist-get problem :message)))
     :success-fn #'ignore)))

(define-key eglot-mode-map (kbd "C-c g") #'glm-edit)

;;; glm-eglot.el ends here
