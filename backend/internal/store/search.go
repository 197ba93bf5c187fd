package store

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"sallyport/internal/id"
	"sallyport/internal/portal"
	"sallyport/internal/user"
)

// few is how many found members are sorted; of more, a list is walked through in its order, and soon has a page of them.
const few = 1000

// common is how many members of all accounts may be looked at for those few: what more of them have is no rare word.
const common = 5 * few

// needle is what persons are found by: a part of their name, whatever the case, or of their address.
//
// The lower() of SQLite, and of PostgreSQL in the C locale, leaves letters beyond ASCII as they are; so that both databases
// find "Öztürk" by "öztürk", such letters are also looked for as they are written at the beginning of a word, and in capitals.
type needle struct {
	names []string
	email string
}

func needleOf(q string) needle {
	names := []string{strings.ToLower(q), foreign(q, true), foreign(q, false)}
	slices.Sort(names)
	return needle{names: slices.Compact(names), email: user.EmailKey(q)}
}

// foreign writes ASCII letters small and all others in capitals, or only those that begin a word.
func foreign(q string, initials bool) string {
	before := ' '
	return strings.Map(func(r rune) rune {
		begins := !unicode.IsLetter(before)
		before = r
		if r > unicode.MaxASCII && (begins || !initials) {
			return unicode.ToUpper(r)
		}
		return unicode.ToLower(r)
	}, q)
}

// literal takes away what % and _ mean in a pattern.
func literal(s string) string { return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(s) }

// condition is one with its arguments.
type condition struct {
	sql  string
	args []any
}

func anyOf(cs ...condition) condition { return joined(" OR ", cs) }
func allOf(cs ...condition) condition { return joined(" AND ", cs) }

func joined(by string, cs []condition) (all condition) {
	parts := make([]string, len(cs))
	for i, c := range cs {
		parts[i], all.args = "("+c.sql+")", append(all.args, c.args...)
	}
	all.sql = strings.Join(parts, by)
	return all
}

func (c condition) not() condition { return condition{"NOT (" + c.sql + ")", c.args} }

// like is true where the column has the pattern, in which % stands for anything.
func like(column, before, text, behind string) condition {
	return condition{column + ` LIKE ? ESCAPE '\'`, []any{before + literal(text) + behind}}
}

// within is true of members m who have it in their name or address.
func (n needle) within() condition { return n.in("m.name_key", "m.email_key") }

// in is true where the name, in small letters, or the address has it.
func (n needle) in(name, email string) condition {
	found := []condition{like(email, "%", n.email, "%")}
	for _, spelling := range n.names {
		found = append(found, like(name, "%", spelling, "%"))
	}
	return anyOf(found...)
}

// named is true of members m whose name begins with it: each spelling is one stretch of the names, which ends where the last
// character that there is would follow.
func (n needle) named() condition {
	found := make([]condition, len(n.names))
	for i, name := range n.names {
		found[i] = condition{`m.name_key >= ? AND m.name_key < ?`, []any{name, name + string(unicode.MaxRune)}}
	}
	return anyOf(found...)
}

// addressed is true of members m whose address begins with it.
func (n needle) addressed() condition {
	return condition{`m.email_key >= ? AND m.email_key < ?`, []any{n.email, n.email + string(unicode.MaxRune)}}
}

// rare asks the index of trigrams for the members of the account who have the needle in their name or address. Fewer than
// three characters are in no index, and what many have is found sooner by walking through a list: then it says false.
func (s *Store) rare(ctx context.Context, accountID id.Account, n needle) (userIDs []id.User, is bool, err error) {
	var phrases []string
	for _, spelling := range append([]string{n.email}, n.names...) {
		if utf8.RuneCountInString(spelling) < 3 {
			return nil, false, nil
		}
		phrases = append(phrases, `"`+strings.ReplaceAll(spelling, `"`, `""`)+`"`)
	}
	if s.dialect == "sqlite" {
		// The index is one for all accounts: what is common in some other is not looked through to its end.
		userIDs, err = s.upTo(ctx, `WITH found AS MATERIALIZED (SELECT user_id, account_id FROM members_search WHERE members_search MATCH ? LIMIT ?)
			SELECT user_id FROM found WHERE account_id = ? UNION ALL SELECT '' FROM (SELECT count(*) AS n FROM found) WHERE n > ?`,
			strings.Join(phrases, " OR "), common+1, accountID, common)
		if last := len(userIDs) - 1; last >= 0 && userIDs[last] == "" {
			return nil, false, err
		}
	} else {
		userIDs, err = s.those(ctx, accountID, n.within())
	}
	return userIDs, len(userIDs) <= few, err
}

// those are the members of whom a condition is true: few, or more than that.
func (s *Store) those(ctx context.Context, accountID id.Account, found condition) ([]id.User, error) {
	return s.upTo(ctx, `SELECT m.user_id FROM members m WHERE m.account_id = ? AND (`+found.sql+`)`, slices.Concat([]any{accountID}, found.args)...)
}

func (s *Store) upTo(ctx context.Context, q string, args ...any) (userIDs []id.User, err error) {
	err = s.reader(ctx).Raw(q+" LIMIT ?", append(args, few+1)...).Scan(&userIDs).Error
	return userIDs, wrap("search", err)
}

// everybody is where members m of the account are looked for.
func everybody(accountID id.Account) condition {
	return condition{"members m WHERE m.account_id = ?", []any{accountID}}
}

// these are those of them alone. SQLite takes what is joined by CROSS JOIN in this order.
func (s *Store) these(accountID id.Account, userIDs []id.User) condition {
	list := "unnest(CAST(? AS TEXT[])) AS these (value)"
	if s.dialect == "sqlite" {
		list = "json_each(?) AS these"
	}
	return condition{list + " CROSS JOIN members m WHERE m.user_id = these.value AND m.account_id = ?", []any{listOf(s, userIDs), accountID}}
}

// hitRow is a hit, and its place among the others.
type hitRow struct {
	Type, ID, Title, Subtitle string
	SortKey                   string
	Distance                  int // 0: the name begins with what was looked for; 1: the address; 2: it is somewhere within
}

func (r hitRow) compare(other hitRow) int {
	return cmp.Or(cmp.Compare(r.Distance, other.Distance), cmp.Compare(r.SortKey, other.SortKey), cmp.Compare(r.ID, other.ID))
}

// Search finds services and members of the account by part of their name or address: first those whose name begins with it,
// then those whose address does.
func (s *Store) Search(ctx context.Context, accountID id.Account, q string, limit int) ([]portal.Hit, error) {
	rows, err := s.searchServices(ctx, accountID, q, limit)
	if err != nil {
		return nil, wrap("search", err)
	}
	members, err := s.searchMembers(ctx, accountID, q, limit)
	if err != nil {
		return nil, wrap("search", err)
	}
	rows = append(rows, members...)
	slices.SortFunc(rows, hitRow.compare)
	found := make([]portal.Hit, min(limit, len(rows)))
	for i := range found {
		r := rows[i]
		found[i] = portal.Hit{Type: portal.HitType(r.Type), ID: r.ID, Title: r.Title, Subtitle: r.Subtitle}
	}
	return found, nil
}

func (s *Store) searchServices(ctx context.Context, accountID id.Account, q string, limit int) (rows []hitRow, err error) {
	key := portal.NameKey(q)
	named, addressed := like("name_key", "", key, "%"), like("lower(address)", "", key, "%")
	within := anyOf(like("name_key", "%", key, "%"), like("lower(address)", "%", key, "%"))
	err = s.reader(ctx).Raw(`SELECT 'service' AS type, id, name AS title, address AS subtitle, name_key AS sort_key,
			CASE WHEN `+named.sql+` THEN 0 WHEN `+addressed.sql+` THEN 1 ELSE 2 END AS distance
		FROM services WHERE account_id = ? AND (`+within.sql+`) ORDER BY distance, sort_key, id LIMIT ?`,
		slices.Concat(named.args, addressed.args, []any{accountID}, within.args, []any{limit})...).Scan(&rows).Error
	return rows, err
}

// searchMembers sorts those who are found where they are few; else it takes each distance in turn from the list by name, until
// there are enough.
func (s *Store) searchMembers(ctx context.Context, accountID id.Account, q string, limit int) ([]hitRow, error) {
	n := needleOf(q)
	named, addressed, within := n.named(), n.addressed(), n.within()
	userIDs, rare, err := s.rare(ctx, accountID, n)
	if err != nil || rare && len(userIDs) == 0 {
		return nil, err
	}
	if rare {
		distance := condition{"CASE WHEN " + named.sql + " THEN 0 WHEN " + addressed.sql + " THEN 1 ELSE 2 END", slices.Concat(named.args, addressed.args)}
		return s.hits(ctx, s.these(accountID, userIDs), within, distance, "distance, ", limit)
	}
	all := everybody(accountID)
	rows, err := s.hits(ctx, all, named, condition{sql: "0"}, "", limit)
	if err != nil || len(rows) == limit {
		return rows, err
	}
	// Where many addresses begin so, the list by name soon comes to some of them; where few do, it might have to be walked to its end.
	begin, err := s.those(ctx, accountID, addressed)
	if err != nil {
		return nil, err
	}
	where := all
	if len(begin) <= few {
		where = s.these(accountID, begin)
	}
	more, err := s.hits(ctx, where, allOf(addressed, named.not()), condition{sql: "1"}, "", limit-len(rows))
	if rows = append(rows, more...); err != nil || len(rows) == limit {
		return rows, err
	}
	more, err = s.hits(ctx, all, allOf(within, named.not(), addressed.not()), condition{sql: "2"}, "", limit-len(rows))
	return append(rows, more...), err
}

// hits are the first members, by name, of whom a condition is true. The names are put to them last: the rest is read from
// members_by_name alone.
func (s *Store) hits(ctx context.Context, where, found, distance condition, first string, limit int) (rows []hitRow, err error) {
	err = s.reader(ctx).Raw(`SELECT 'member' AS type, u.id, u.name AS title, u.email AS subtitle, f.name_key AS sort_key, f.distance FROM (
			SELECT m.user_id, m.name_key, `+distance.sql+` AS distance FROM `+where.sql+` AND (`+found.sql+`)
			ORDER BY `+first+`m.name_key, m.user_id LIMIT ?
		) AS f CROSS JOIN users u WHERE u.id = f.user_id ORDER BY f.distance, f.name_key, f.user_id`,
		slices.Concat(distance.args, where.args, found.args, []any{limit})...).Scan(&rows).Error
	return rows, err
}
