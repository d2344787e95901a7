;;; glm-lsp-mode.el --- GLM through lsp-mode -*- lexical-binding: t; -*-

;; Put this into your init file.  GLM is an add-on: your language's own server runs beside it.
;;
;; M-x lsp-execute-code-action lists GLM's actions.  With a recent lsp-mode
;; M-x lsp-inline-completion-mode shows ghost text.
;; The API key never stands here: set GLM_API_KEY, or run "glm-lsp auth set".

(require 'lsp-mode)

(defcustom glm-lsp-settings nil
  "Settings of the server as a property list, such as (:completion (:maxLines 6))."
  :type 'plist
  :group 'lsp-mode)

(lsp-register-client
 (make-lsp-client
  :server-id 'glm
  :new-connection (lsp-stdio-connection '("glm-lsp"))
  :activation-fn (lambda (&rest _) t)
  :add-on? t
  :priority -2
  :initialization-options (lambda () glm-lsp-settings)))

;;; glm-lsp-mode.el ends here
