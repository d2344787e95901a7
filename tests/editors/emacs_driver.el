;;; emacs_driver.el --- what a person does in Emacs, for the tests -*- lexical-binding: t; -*-

;; Loaded by test_emacs.py.  Each driver opens FILE, lets GLM work and prints what is in the
;; buffer then, between markers.  Batch Emacs runs the same eglot as any other.

(require 'cl-lib)
(require 'eglot)

(defun driver-wait (predicate what)
  "Wait until PREDICATE returns non-nil; say WHAT was awaited when it never does."
  (let ((deadline (+ (float-time) 90)))
    (while (not (funcall predicate))
      (when (> (float-time) deadline)
        (error "Never came: %s" what))
      (accept-process-output nil 0.05))))

(defun driver-print (name text)
  "Print TEXT for the test under NAME."
  (princ (format "<<%s>>%s<</%s>>\n" name text name)))

(defun driver-open (file)
  "Open FILE with the server under test."
  (find-file file)
  (setq buffer-undo-list nil)
  (eglot-ensure)
  (run-hooks 'post-command-hook)
  (driver-wait #'eglot-current-server "the server"))

(defun driver-choose (title)
  "Choose the code action TITLE on the first line."
  (let* ((actions (eglot-code-actions (point-min) (1+ (point-min))))
         (action (cl-find title actions
                          :key (lambda (each) (plist-get each :title)) :test #'string-prefix-p)))
    (unless action
      (error "No %s among %S" title actions))
    (eglot-execute (eglot-current-server) action)))

(defun driver-edit (file title)
  "Have TITLE change FILE, then undo once, and print both texts."
  (driver-open file)
  (let ((before (buffer-string)))
    (driver-choose title)
    (driver-wait (lambda () (not (equal before (buffer-string)))) "the edit")
    (undo-boundary)
    (driver-print "edited" (buffer-string))
    (setq last-command nil)
    (undo 1)
    (driver-print "undone" (buffer-string))))

(defun driver-type (file title)
  "Have TITLE change FILE while a line is typed below, and print the text."
  (driver-open file)
  (let ((before (buffer-string)))
    (driver-choose title)
    (cl-loop for key across "typed = 'meanwhile'\n"
             do (save-excursion (goto-char (point-max)) (insert key))
             do (accept-process-output nil 0.03))
    (driver-wait (lambda () (not (string-prefix-p before (buffer-string)))) "the edit")
    (driver-print "edited" (buffer-string))))

(defun driver-instruct (file instruction)
  "Have GLM do INSTRUCTION with the last line of FILE by the key of our configuration."
  (driver-open file)
  (goto-char (point-max))
  (forward-line -1)
  (let ((before (buffer-string))
        (native-comp-enable-subr-trampolines nil)) ; They would be compiled.
    (cl-letf (((symbol-function 'read-string) (lambda (&rest _) instruction)))
      (call-interactively (key-binding (kbd "C-c g"))))
    (driver-wait (lambda () (not (equal before (buffer-string)))) "the edit")
    (driver-print "edited" (buffer-string))))

(defun driver-complete (file)
  "Complete at the end of FILE and print the candidates."
  (driver-open file)
  (goto-char (point-max))
  (let (candidates)
    (driver-wait
     (lambda ()
       (let ((data (eglot-completion-at-point)))
         (setq candidates (and data (all-completions "" (nth 2 data)))))
       (or candidates (progn (accept-process-output nil 0.5) nil)))
     "a completion")
    (driver-print "candidates" (mapconcat #'substring-no-properties candidates "\n"))))

(defun driver-status ()
  "Return what the server says of its state."
  (jsonrpc-request (eglot-current-server) :workspace/executeCommand
                   '(:command "glm.status" :arguments [])))

(defun driver-explain (file answer)
  "Have FILE explained, and give ANSWER to whatever the server asks.
Print the folder's settings in force, what was asked, and what the server says in the end."
  (let* (asked
         (completing-read-function
          (lambda (prompt choices &rest _)
            (push prompt asked)
            (car (all-completions answer choices)))))
    (driver-open file)
    (driver-choose "GLM: Explain")
    (driver-wait (lambda () (and asked (equal [] (plist-get (driver-status) :jobs)))) "the end")
    (driver-print "configuration" (format "%S" eglot-workspace-configuration))
    (driver-print "asked" (string-join asked "\n"))
    (driver-print "said" (plist-get (driver-status) :message))))

;;; emacs_driver.el ends here
