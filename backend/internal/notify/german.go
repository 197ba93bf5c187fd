package notify

import (
	"fmt"
	"time"
)

var germanMonths = [...]string{"Januar", "Februar", "März", "April", "Mai", "Juni", "Juli", "August", "September", "Oktober", "November", "Dezember"}

var german = &language{
	code:   "de",
	hello:  "Guten Tag {name},",
	noName: "Guten Tag,",
	footer: "Diese Nachricht wurde von {brand} gesendet. Wir fragen nie per E-Mail nach Ihrem Passwort oder einem Code.",
	button: "Falls die Schaltfläche nicht funktioniert, öffnen Sie diese Adresse:",
	methods: map[string]string{
		"totp": "Authenticator-App", "email": "Code per E-Mail", "sms": "SMS",
		"passkey": "Passkey oder Sicherheitsschlüssel", "recovery_code": "Wiederherstellungscode",
	},
	accepts: map[string]string{
		"any": "jede Methode", "no_email": "Authenticator-App, Passkey, Sicherheitsschlüssel oder SMS",
		"no_email_no_sms": "Authenticator-App, Passkey oder Sicherheitsschlüssel", "phishing_resistant": "Passkey oder Sicherheitsschlüssel",
	},
	moment: func(t time.Time) string {
		return fmt.Sprintf("%d. %s %d, %02d:%02d Uhr (UTC)", t.Day(), germanMonths[t.Month()-1], t.Year(), t.Hour(), t.Minute())
	},
	texts: map[string]string{
		CodeSMS:          "{code} ist Ihr Code für {brand}. Geben Sie ihn niemandem weiter.",
		FactorsResetText: "{brand}: Unser Support hat Ihre zweiten Faktoren entfernt. Wenn Sie nicht darum gebeten haben, melden Sie sich sofort.",
		CodeVoice:        "Guten Tag. Hier ist {brand}.\nIhr Code lautet\n{code}\nNoch einmal. Ihr Code lautet\n{code}\nAuf Wiederhören.",
	},
	letters: map[string]letter{
		TwoFactorEnforced: {
			subject: "{account_name} verlangt jetzt die Zwei-Faktor-Authentifizierung",
			body: []block{
				{when: "operator", text: "Für {account_name} ({account_number}) hat unser Support die Zwei-Faktor-Authentifizierung für alle eingeschaltet: Nach dem Passwort bestätigen Sie die Anmeldung mit einem zweiten Schritt."},
				{unless: "operator", text: "Eine Inhaberin oder ein Inhaber von {account_name} ({account_number}) hat entschieden, dass sich in diesem Konto alle mit Zwei-Faktor-Authentifizierung anmelden: Nach dem Passwort bestätigen Sie die Anmeldung mit einem zweiten Schritt."},
				{when: "deadline", text: "Bitte richten Sie sie bis zum {deadline} ein. Danach bleibt Ihnen das Portal verschlossen, bis das erledigt ist."},
				{unless: "deadline", text: "Ab sofort bleibt Ihnen das Portal verschlossen, bis sie eingerichtet ist."},
				{facts: [][2]string{{"Anerkannt", "{accepted}"}}},
				{text: "Es dauert etwa eine Minute:"},
				{steps: []string{
					"Melden Sie sich mit Ihrer E-Mail-Adresse und Ihrem Passwort an.",
					"Wählen Sie eine Methode, die anerkannt wird.",
					"Folgen Sie den Schritten, geben Sie den Code ein, den Sie erhalten, und bestätigen Sie mit Okay.",
					"Bewahren Sie die Wiederherstellungscodes sicher auf. Mit ihnen kommen Sie hinein, wenn Sie Ihr Telefon verlieren.",
				}},
				{label: "Zwei-Faktor-Authentifizierung einrichten", link: "{link}"},
				{text: "Wenn Sie schon eine Methode verwenden, die dieses Konto anerkennt, ist nichts zu tun."},
			},
		},
		TwoFactorEnforcedInvited: {
			subject: "{account_name} verlangt jetzt die Zwei-Faktor-Authentifizierung",
			body: []block{
				{when: "operator", text: "Sie haben eine offene Einladung zu {account_name}. Unser Support hat für alle in diesem Konto die Zwei-Faktor-Authentifizierung eingeschaltet: Nach dem Passwort bestätigen Sie die Anmeldung mit einem zweiten Schritt."},
				{unless: "operator", text: "Sie haben eine offene Einladung zu {account_name}. Eine Inhaberin oder ein Inhaber dieses Kontos hat entschieden, dass sich darin alle mit Zwei-Faktor-Authentifizierung anmelden: Nach dem Passwort bestätigen Sie die Anmeldung mit einem zweiten Schritt."},
				{text: "Wenn Sie mit dem Link in Ihrer Einladung beitreten, werden Sie bei der ersten Anmeldung gebeten, sie einzurichten. Es dauert etwa eine Minute."},
				{facts: [][2]string{{"Anerkannt", "{accepted}"}}},
				{label: "Portal öffnen", link: "{link}"},
				{text: "Wenn Sie nicht beitreten möchten, ist nichts zu tun."},
			},
		},
		TwoFactorTightened: {
			subject: "{account_name} hat die Regel zur Zwei-Faktor-Authentifizierung verschärft",
			body: []block{
				{when: "operator", text: "Unser Support hat für {account_name} ({account_number}) die Regel zur Zwei-Faktor-Authentifizierung verschärft, und Sie erfüllen sie noch nicht."},
				{unless: "operator", text: "Eine Inhaberin oder ein Inhaber von {account_name} ({account_number}) hat die Regel zur Zwei-Faktor-Authentifizierung verschärft, und Sie erfüllen sie noch nicht."},
				{facts: [][2]string{{"Anerkannt", "{accepted}"}, {"Bisher anerkannt", "{accepted_before}"}, {"Einrichten bis", "{deadline}"}, {"Bisherige Frist", "{deadline_before}"}}},
				{when: "deadline", text: "Bitte richten Sie bis zum {deadline} eine Methode ein, die anerkannt wird. Danach bleibt Ihnen das Portal verschlossen, bis das erledigt ist."},
				{unless: "deadline", text: "Ab sofort bleibt Ihnen das Portal verschlossen, bis Sie eine Methode eingerichtet haben, die anerkannt wird."},
				{text: "Melden Sie sich wie gewohnt an und folgen Sie den Schritten. Es dauert etwa eine Minute."},
				{label: "Zwei-Faktor-Authentifizierung einrichten", link: "{link}"},
			},
		},
		TwoFactorTightenedInvited: {
			subject: "{account_name} hat die Regel zur Zwei-Faktor-Authentifizierung verschärft",
			body: []block{
				{when: "operator", text: "Sie haben eine offene Einladung zu {account_name}. Unser Support hat die Regel dieses Kontos zur Zwei-Faktor-Authentifizierung verschärft: Nach dem Passwort bestätigen alle die Anmeldung mit einem zweiten Schritt, der anerkannt wird."},
				{unless: "operator", text: "Sie haben eine offene Einladung zu {account_name}. Eine Inhaberin oder ein Inhaber dieses Kontos hat die Regel zur Zwei-Faktor-Authentifizierung verschärft: Nach dem Passwort bestätigen alle die Anmeldung mit einem zweiten Schritt, der anerkannt wird."},
				{facts: [][2]string{{"Anerkannt", "{accepted}"}, {"Bisher anerkannt", "{accepted_before}"}, {"Einrichten bis", "{deadline}"}, {"Bisherige Frist", "{deadline_before}"}}},
				{when: "deadline", text: "Wenn Sie mit dem Link in Ihrer Einladung beitreten, richten Sie bitte bis zum {deadline} eine Methode ein, die anerkannt wird. Es dauert etwa eine Minute."},
				{unless: "deadline", text: "Wenn Sie mit dem Link in Ihrer Einladung beitreten, werden Sie gebeten, eine Methode einzurichten, die anerkannt wird. Es dauert etwa eine Minute."},
				{label: "Portal öffnen", link: "{link}"},
				{text: "Wenn Sie schon eine verwenden oder nicht beitreten möchten, ist nichts zu tun."},
			},
		},
		TwoFactorReminder: {
			subject: "Bitte richten Sie die Zwei-Faktor-Authentifizierung bis {deadline} ein",
			body: []block{
				{text: "{account_name} ({account_number}) verlangt bald von allen die Zwei-Faktor-Authentifizierung, und Sie haben noch keine Methode eingerichtet, die anerkannt wird."},
				{facts: [][2]string{{"Anerkannt", "{accepted}"}, {"Einrichten bis", "{deadline}"}}},
				{text: "Danach ist das Portal für Sie geschlossen, bis sie eingerichtet ist. Es dauert etwa eine Minute."},
				{label: "Zwei-Faktor-Authentifizierung einrichten", link: "{link}"},
			},
		},
		TwoFactorSummary: {
			subject: "{account_name}: {missing} von {total} Mitgliedern fehlt die Zwei-Faktor-Authentifizierung",
			body: []block{
				{text: "Für {account_name} gilt die Zwei-Faktor-Authentifizierung. So weit sind die Mitglieder."},
				{facts: [][2]string{{"Bindend ab", "{deadline}"}, {"Mitglieder", "{total}"}, {"Eingerichtet", "{compliant}"}, {"Noch offen", "{missing}"}}},
				{label: "Ansehen, wem sie fehlt", link: "{link}"},
			},
		},
		CodeEmail: {
			subject: "Ihr Code",
			body: []block{
				{text: "Geben Sie diesen Code dort ein, wo Sie danach gefragt wurden:"},
				{facts: [][2]string{{"Code", "{code}"}}, large: true},
				{text: "Er gilt einmal und zehn Minuten lang. Niemand von uns wird Sie je danach fragen. Wenn Sie keinen Code angefordert haben, kennt jemand anderes Ihr Passwort: Ändern Sie es sofort."},
			},
		},
		PhoneAdded: {
			subject: "Eine Telefonnummer wurde hinzugefügt",
			body: []block{
				{text: "Zu Ihrem Zugang wurde eine Telefonnummer hinzugefügt und bestätigt."},
				{facts: [][2]string{{"Nummer", "{number}"}, {"Zeitpunkt", "{at}"}}},
				{unless: "not_me_link", text: "Wenn Sie das waren, ist nichts zu tun. Andernfalls kennt jemand anderes Ihr Passwort: Ändern Sie es sofort, entfernen Sie die Nummer und melden Sie sich bei unserem Support."},
				{when: "not_me_link", text: "Wenn Sie das waren, ist nichts zu tun. Andernfalls kennt jemand anderes Ihr Passwort. Öffnen Sie den Link unten: Er meldet sofort alle ab und sagt Ihnen, wie es weitergeht. Entfernen Sie dann die Nummer."},
				{when: "not_me_link", label: "Das war ich nicht", link: "{not_me_link}"},
				{label: "Sicherheitseinstellungen öffnen", link: "{security_link}"},
			},
		},
		PhoneRemoved: {
			subject: "Eine Telefonnummer wurde entfernt",
			body: []block{
				{text: "Eine Telefonnummer wurde aus Ihrem Zugang entfernt."},
				{facts: [][2]string{{"Nummer", "{number}"}, {"Zeitpunkt", "{at}"}}},
				{unless: "not_me_link", text: "Wenn Sie das waren, ist nichts zu tun. Andernfalls kennt jemand anderes Ihr Passwort: Ändern Sie es sofort und melden Sie sich bei unserem Support."},
				{when: "not_me_link", text: "Wenn Sie das waren, ist nichts zu tun. Andernfalls kennt jemand anderes Ihr Passwort. Öffnen Sie den Link unten: Er meldet sofort alle ab und sagt Ihnen, wie es weitergeht."},
				{when: "not_me_link", label: "Das war ich nicht", link: "{not_me_link}"},
				{label: "Sicherheitseinstellungen öffnen", link: "{security_link}"},
			},
		},
		TwoFactorDisabled: {
			subject: "Die Zwei-Faktor-Authentifizierung ist jetzt ausgeschaltet",
			body: []block{
				{text: "Die Zwei-Faktor-Authentifizierung wurde für Ihren Zugang ausgeschaltet. Ab jetzt genügt das Passwort allein."},
				{facts: [][2]string{{"Methode", "{method}"}, {"Zeitpunkt", "{at}"}}},
				{unless: "not_me_link", text: "Wenn Sie das waren, ist nichts zu tun. Andernfalls kennt jemand anderes Ihr Passwort: Ändern Sie es sofort, schalten Sie die Zwei-Faktor-Authentifizierung wieder ein und melden Sie sich bei unserem Support."},
				{when: "not_me_link", text: "Wenn Sie das waren, ist nichts zu tun. Andernfalls kennt jemand anderes Ihr Passwort. Öffnen Sie den Link unten: Er meldet sofort alle ab und sagt Ihnen, wie es weitergeht. Schalten Sie dann die Zwei-Faktor-Authentifizierung wieder ein."},
				{when: "not_me_link", label: "Das war ich nicht", link: "{not_me_link}"},
				{label: "Sicherheitseinstellungen öffnen", link: "{security_link}"},
			},
		},
		FactorActivated: {
			subject: "Die Zwei-Faktor-Authentifizierung ist eingeschaltet: {method}",
			body: []block{
				{text: "Eine neue Methode der Zwei-Faktor-Authentifizierung schützt jetzt Ihren Zugang. Sie können Ihre nächste Anmeldung damit bestätigen."},
				{facts: [][2]string{{"Methode", "{method}"}, {"Zeitpunkt", "{at}"}}},
				{unless: "not_me_link", text: "Wenn Sie das waren, ist nichts zu tun. Andernfalls kennt jemand anderes Ihr Passwort: Entfernen Sie die Methode, ändern Sie sofort Ihr Passwort und melden Sie sich bei unserem Support."},
				{when: "not_me_link", text: "Wenn Sie das waren, ist nichts zu tun. Andernfalls kennt jemand anderes Ihr Passwort. Öffnen Sie den Link unten: Er meldet sofort alle ab, friert diese Methode ein, bis unser Support sie geprüft hat, und sagt Ihnen, wie es weitergeht."},
				{when: "not_me_link", label: "Das war ich nicht", link: "{not_me_link}"},
				{label: "Sicherheitseinstellungen öffnen", link: "{security_link}"},
			},
		},
		FactorRemoved: {
			subject: "Eine Methode der Zwei-Faktor-Authentifizierung wurde entfernt: {method}",
			body: []block{
				{text: "Eine Methode der Zwei-Faktor-Authentifizierung wurde von Ihrem Zugang entfernt. Sie bestätigt keine Anmeldung mehr."},
				{facts: [][2]string{{"Methode", "{method}"}, {"Zeitpunkt", "{at}"}}},
				{unless: "not_me_link", text: "Wenn Sie das waren, ist nichts zu tun. Andernfalls kennt jemand anderes Ihr Passwort: Ändern Sie es sofort und melden Sie sich bei unserem Support."},
				{when: "not_me_link", text: "Wenn Sie das waren, ist nichts zu tun. Andernfalls kennt jemand anderes Ihr Passwort. Öffnen Sie den Link unten: Er meldet sofort alle ab und sagt Ihnen, wie es weitergeht."},
				{when: "not_me_link", label: "Das war ich nicht", link: "{not_me_link}"},
				{label: "Sicherheitseinstellungen öffnen", link: "{security_link}"},
			},
		},
		FactorDisabledByGuessing: {
			subject: "Wir haben eine Methode der Zwei-Faktor-Authentifizierung gesperrt: {method}",
			body: []block{
				{text: "Jemand hat nach dem richtigen Passwort viele falsche Codes nacheinander eingegeben. Zum Schutz Ihres Zugangs haben wir die Methode gesperrt, mit der das versucht wurde."},
				{facts: [][2]string{{"Methode", "{method}"}, {"Zeitpunkt", "{at}"}}},
				{text: "Wenn Sie das nicht waren, kennt jemand anderes Ihr Passwort: Ändern Sie es sofort. Sie können sich mit einer anderen Methode oder einem Wiederherstellungscode anmelden und die Methode dann neu einrichten. Wenn Sie beides nicht haben, hilft Ihnen unser Support."},
				{when: "security_link", label: "Sicherheitseinstellungen öffnen", link: "{security_link}"},
			},
		},
		RecoveryCodesRenewed: {
			subject: "Sie haben neue Wiederherstellungscodes",
			body: []block{
				{text: "Für Ihren Zugang wurden neue Wiederherstellungscodes erzeugt. Die alten gelten nicht mehr."},
				{facts: [][2]string{{"Zeitpunkt", "{at}"}}},
				{unless: "not_me_link", text: "Wenn Sie das waren, bewahren Sie die neuen Codes sicher auf. Andernfalls ändern Sie sofort Ihr Passwort und melden Sie sich bei unserem Support."},
				{when: "not_me_link", text: "Wenn Sie das waren, bewahren Sie die neuen Codes sicher auf. Andernfalls kennt jemand anderes Ihr Passwort. Öffnen Sie den Link unten: Er meldet sofort alle ab, macht die neuen Codes ungültig und sagt Ihnen, wie es weitergeht."},
				{when: "not_me_link", label: "Das war ich nicht", link: "{not_me_link}"},
				{label: "Sicherheitseinstellungen öffnen", link: "{security_link}"},
			},
		},
		RecoveryCodeUsed: {
			subject: "Ein Wiederherstellungscode wurde für eine Anmeldung verwendet",
			body: []block{
				{text: "Jemand hat sich mit Ihrem Passwort und einem Ihrer Wiederherstellungscodes angemeldet. Jeder Code gilt einmal; dieser ist jetzt verbraucht."},
				{facts: [][2]string{{"Verbleibende Wiederherstellungscodes", "{left}"}, {"Zeitpunkt", "{at}"}}},
				{unless: "not_me_link", text: "Wenn Sie das waren, ist nichts zu tun; erzeugen Sie neue Codes, bevor der letzte verbraucht ist. Andernfalls ändern Sie sofort Ihr Passwort und melden Sie sich bei unserem Support."},
				{when: "not_me_link", text: "Wenn Sie das waren, ist nichts zu tun; erzeugen Sie neue Codes, bevor der letzte verbraucht ist. Andernfalls hat jemand anderes Ihr Passwort und Ihre Codes. Öffnen Sie den Link unten: Er meldet sofort alle ab, macht alle Ihre Wiederherstellungscodes ungültig und sagt Ihnen, wie es weitergeht."},
				{when: "not_me_link", label: "Das war ich nicht", link: "{not_me_link}"},
				{when: "security_link", label: "Sicherheitseinstellungen öffnen", link: "{security_link}"},
			},
		},
		VerifyEmail: {
			subject: "Bestätigen Sie Ihre E-Mail-Adresse",
			body: []block{
				{text: "Jemand, hoffentlich Sie, möchte mit dieser E-Mail-Adresse ein Konto eröffnen. Bestätigen Sie sie und melden Sie sich mit dem gewählten Passwort an."},
				{facts: [][2]string{{"Zeitpunkt", "{at}"}}},
				{label: "Adresse bestätigen", link: "{link}"},
				{text: "Der Link gilt einmal und 24 Stunden lang. Wenn Sie das nicht waren, ignorieren Sie diese Nachricht: Es geschieht nichts, bis die Adresse bestätigt ist."},
			},
		},
		SignUpTaken: {
			subject: "Sie haben schon ein Konto",
			body: []block{
				{text: "Jemand wollte mit dieser E-Mail-Adresse ein Konto eröffnen. Es gibt schon eines, und daran hat sich nichts geändert."},
				{facts: [][2]string{{"Zeitpunkt", "{at}"}}},
				{text: "Wenn Sie das waren, melden Sie sich wie gewohnt an. Wenn Sie Ihr Passwort nicht mehr wissen, können Sie auf der Anmeldeseite ein neues wählen."},
				{label: "Anmelden", link: "{link}"},
				{text: "Wenn Sie das nicht waren, ist nichts zu tun. Wer es war, hat nicht erfahren, dass diese Adresse bekannt ist."},
			},
		},
		Welcome: {
			subject: "Ihr Zugang zu {account_name}",
			body: []block{
				{text: "Sie sind jetzt Mitglied von {account_name}. Wählen Sie ein Passwort, dann können Sie sich mit dieser E-Mail-Adresse anmelden:"},
				{label: "Passwort wählen", link: "{link}"},
				{text: "Der Link gilt einmal und sieben Tage lang. Danach fordern Sie bei der Anmeldung ein neues Passwort an."},
				{when: "two_factor", text: "Dieses Konto verlangt von allen die Zwei-Faktor-Authentifizierung: Bei der ersten Anmeldung richten Sie sie ein. Es dauert etwa eine Minute."},
				{text: "Wenn Sie {account_name} nicht kennen, ist nichts zu tun."},
			},
		},
		FactorsReset: {
			subject: "Unser Support hat Ihre Zwei-Faktor-Authentifizierung zurückgesetzt",
			body: []block{
				{unless: "method", text: "Unser Support hat alle Ihre Methoden der Zwei-Faktor-Authentifizierung und Ihre Wiederherstellungscodes entfernt und Sie überall abgemeldet."},
				{when: "method", text: "Unser Support hat eine Methode der Zwei-Faktor-Authentifizierung aus Ihrem Zugang entfernt und Sie überall abgemeldet."},
				{facts: [][2]string{{"Methode", "{method}"}, {"Zeitpunkt", "{at}"}}},
				{text: "Wenn Sie darum gebeten haben, melden Sie sich mit Ihrem Passwort an und richten Sie eine neue Methode ein. Andernfalls melden Sie sich sofort bei unserem Support und ändern Sie Ihr Passwort: Vielleicht versucht jemand hineinzukommen."},
				{when: "not_me_link", text: "Der Link unten meldet sofort alle ab und sagt Ihnen, wie es weitergeht."},
				{when: "not_me_link", label: "Das war ich nicht", link: "{not_me_link}"},
				{label: "Sicherheitseinstellungen öffnen", link: "{security_link}"},
			},
		},
		PasswordReset: {
			subject: "Wählen Sie ein neues Passwort",
			body: []block{
				{text: "Jemand, hoffentlich Sie, hat um ein neues Passwort für Ihren Zugang gebeten. Wählen Sie es hier:"},
				{label: "Neues Passwort wählen", link: "{link}"},
				{facts: [][2]string{{"Zeitpunkt", "{at}"}}},
				{text: "Der Link gilt einmal und eine Stunde lang. Er meldet niemanden an, und Ihr zweiter Faktor bleibt, wie er ist. Wenn Sie das nicht waren, ignorieren Sie diese Nachricht: Ihr Passwort bleibt, wie es ist."},
			},
		},
		PasswordChanged: {
			subject: "Ihr Passwort wurde geändert",
			body: []block{
				{text: "Das Passwort Ihres Zugangs wurde geändert, und wer anderswo angemeldet war, wurde abgemeldet."},
				{facts: [][2]string{{"Zeitpunkt", "{at}"}}},
				{unless: "not_me_link", text: "Wenn Sie das waren, ist nichts zu tun. Andernfalls wählen Sie sofort ein neues Passwort und melden Sie sich bei unserem Support."},
				{when: "not_me_link", text: "Wenn Sie das waren, ist nichts zu tun. Andernfalls öffnen Sie den Link unten: Er meldet sofort alle ab, macht dieses Passwort ungültig und sagt Ihnen, wie es weitergeht."},
				{when: "not_me_link", label: "Das war ich nicht", link: "{not_me_link}"},
				{label: "Sicherheitseinstellungen öffnen", link: "{security_link}"},
			},
		},
		EmailChangeConfirm: {
			subject: "Bestätigen Sie Ihre neue E-Mail-Adresse",
			body: []block{
				{text: "Jemand, hoffentlich Sie, möchte sich künftig mit dieser E-Mail-Adresse anmelden. Bestätigen Sie sie hier:"},
				{label: "Adresse bestätigen", link: "{link}"},
				{facts: [][2]string{{"Zeitpunkt", "{at}"}}},
				{text: "Der Link gilt einmal und 24 Stunden lang. Wenn Sie das nicht waren, ignorieren Sie diese Nachricht: Es geschieht nichts, bis die Adresse bestätigt ist."},
			},
		},
		EmailChangeNotice: {
			subject: "Ihre E-Mail-Adresse soll geändert werden",
			body: []block{
				{text: "Für die Anmeldung an Ihrem Zugang wurde eine andere E-Mail-Adresse gewünscht. Sie tritt an die Stelle von dieser, sobald sie bestätigt ist."},
				{facts: [][2]string{{"Neue Adresse", "{email}"}, {"Zeitpunkt", "{at}"}}},
				{unless: "not_me_link", text: "Wenn Sie das waren, ist nichts zu tun. Andernfalls ändern Sie sofort Ihr Passwort und melden Sie sich bei unserem Support."},
				{when: "not_me_link", text: "Wenn Sie das waren, ist nichts zu tun. Andernfalls kennt jemand anderes Ihr Passwort. Öffnen Sie den Link unten: Er meldet sofort alle ab, hält diese Änderung auf und sagt Ihnen, wie es weitergeht."},
				{when: "not_me_link", label: "Das war ich nicht", link: "{not_me_link}"},
				{label: "Sicherheitseinstellungen öffnen", link: "{security_link}"},
			},
		},
		EmailChanged: {
			subject: "Ihre E-Mail-Adresse wurde geändert",
			body: []block{
				{text: "Die E-Mail-Adresse Ihres Zugangs wurde geändert. Ab jetzt melden Sie sich mit der neuen an."},
				{facts: [][2]string{{"Neue Adresse", "{email}"}, {"Zeitpunkt", "{at}"}}},
				{unless: "not_me_link", text: "Wenn Sie das waren, ist nichts zu tun. Andernfalls melden Sie sich sofort bei unserem Support."},
				{when: "not_me_link", text: "Wenn Sie das waren, ist nichts zu tun. Andernfalls öffnen Sie den Link unten: Er meldet sofort alle ab. Melden Sie sich dann bei unserem Support, denn diese Adresse öffnet Ihren Zugang nicht mehr."},
				{when: "not_me_link", label: "Das war ich nicht", link: "{not_me_link}"},
				{label: "Sicherheitseinstellungen öffnen", link: "{security_link}"},
			},
		},
		PasswordVoided: {
			subject: "Bitte wählen Sie ein neues Passwort",
			body: []block{
				{text: "Ihr Passwort gilt nicht mehr. Es hat weniger als 12 Zeichen, und das genügt nur neben einem Passkey; Ihr Passkey ist aber entfernt oder gesperrt worden."},
				{facts: [][2]string{{"Zeitpunkt", "{at}"}}},
				{text: "Wählen Sie ein längeres: Öffnen Sie die Seite unten, dann schicken wir einen Link an diese Adresse."},
				{label: "Neues Passwort wählen", link: "{link}"},
			},
		},
		MemberEnrolled: {
			subject: "{member} hat die Zwei-Faktor-Authentifizierung eingerichtet",
			body: []block{
				{text: "Ein Mitglied von {account_name} hat eine neue Methode der Zwei-Faktor-Authentifizierung eingerichtet. Sie erfahren davon, weil dieses Konto die Einrichtung bewacht."},
				{facts: [][2]string{{"Mitglied", "{member}"}, {"Methode", "{method}"}, {"Zeitpunkt", "{at}"}}},
				{text: "Wenn Sie damit gerechnet haben, ist nichts zu tun. Andernfalls fragen Sie nach, ob es das Mitglied selbst war. War es das nicht, können Sie mit dem Notfallknopf sofort alle Sitzungen des Kontos beenden."},
				{label: "Mitglieder öffnen", link: "{link}"},
			},
		},
		NotMeDone: {
			subject: "Wir haben alle von Ihrem Zugang abgemeldet",
			body: []block{
				{text: "Sie haben uns gesagt, dass etwas an Ihrem Zugang nicht von Ihnen war. Alle wurden abgemeldet, auf jedem Gerät, und API-Tokens gelten nicht mehr."},
				{facts: [][2]string{{"Zeitpunkt", "{at}"}}},
				{when: "frozen", text: "Der zweite Faktor, um den es geht, ist eingefroren, und mit ihm die Wiederherstellungscodes, die dazugehören. Er öffnet nichts, bis unser Support ihn geprüft hat: Schreiben Sie dorthin."},
				{when: "codes", text: "Ihre Wiederherstellungscodes gelten nicht mehr. Erzeugen Sie neue, sobald Sie angemeldet sind."},
				{when: "password", text: "Das Passwort, das gesetzt wurde, gilt nicht mehr."},
				{when: "short", text: "Auch Ihr Passwort gilt nicht mehr: Es hat weniger als 12 Zeichen, und das genügt nur neben einem Passkey."},
				{text: "So geht es weiter:"},
				{steps: []string{
					"Vergewissern Sie sich, dass niemand anderes dieses Postfach liest.",
					"Wählen Sie mit dem Link unten ein neues Passwort.",
					"Melden Sie sich an und sehen Sie Ihre zweiten Faktoren, Telefonnummern und Sitzungen durch. Entfernen Sie, was nicht von Ihnen ist.",
					"Wenn Sie sich nicht anmelden können oder Ihre Adresse geändert wurde, schreiben Sie unserem Support.",
				}},
				{label: "Neues Passwort wählen", link: "{link}"},
			},
		},
		Invitation: {
			subject: "{inviter} lädt Sie zu {account_name} ein",
			body: []block{
				{text: "{inviter} lädt Sie ein, dem Konto {account_name} beizutreten."},
				{when: "two_factor", text: "Dieses Konto verlangt die Zwei-Faktor-Authentifizierung: Nach dem Passwort bestätigen Sie die Anmeldung mit einem zweiten Schritt. Bei der ersten Anmeldung werden Sie gebeten, sie einzurichten; es dauert etwa eine Minute."},
				{label: "Einladung annehmen", link: "{link}"},
				{text: "Der Link funktioniert einmal, sieben Tage lang. Wenn Sie nicht wissen, wer das ist, ignorieren Sie diese Nachricht. Es geschieht nichts, bis Sie annehmen."},
			},
		},
	},
}
