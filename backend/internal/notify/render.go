package notify

func render(m Message, brand string) (Letter, error) {
	if err := m.check(); err != nil {
		return Letter{}, err
	}
	return Letter{ID: m.ID, Channel: m.Channel, To: m.To, Locale: m.Locale}, nil
}
