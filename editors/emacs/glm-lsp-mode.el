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

;; In your own words: C-c g asks what should be done at point, or with the region.
(defun glm-edit (instruction)
  "Have GLM do INSTRUCTION with the code at point, or with the region."
  (interactive (list (read-string "What should GLM do? ")))
  (let ((start (if (use-region-p) (region-beginning) (point)))
        (end (if (use-region-p) (region-end) (point))))
    (lsp-send-execute-command
     "glm.edit"
     (vector (list :uri (lsp--buffer-uri)
                   :range (lsp--region-to-range start end)
                   :instruction instruction)))))

(define-key lsp-mode-map (kbd "C-c g") #'glm-edit)

;;; glm-lsp-mode.el ends here
