package plugin

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/big"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"golang.org/x/crypto/bcrypt"
)

const (
	lowerChars   = "abcdefghijklmnopqrstuvwxyz"
	upperChars   = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	digitChars   = "0123456789"
	specialChars = "!@#$%&*()-_=+[]{}<>:?"

	// withoutID is the id of a value that must not show in an id.
	withoutID = "none"
)

// charClasses are the characters a text may consist of.
type charClasses struct{ lower, upper, digits, special string }

func classes(in resource.PropertyMap) charClasses {
	allowed := func(names ...resource.PropertyKey) bool {
		for _, name := range names {
			if value := in[name]; value.IsBool() && !value.BoolValue() {
				return false
			}
		}
		return true
	}
	var c charClasses
	if allowed("lower") {
		c.lower = lowerChars
	}
	if allowed("upper") {
		c.upper = upperChars
	}
	if allowed("numeric", "number") { // number is the old name of numeric
		c.digits = digitChars
	}
	if allowed("special") {
		c.special = specialChars
		if override := in["overrideSpecial"]; override.IsString() && override.StringValue() != "" {
			c.special = override.StringValue()
		}
	}
	return c
}

// randomText makes a text with the least number of every class, in random order.
func randomText(in resource.PropertyMap) (string, error) {
	c := classes(in)
	number := func(name resource.PropertyKey) int { return int(in[name].NumberValue()) }
	var text []byte
	pick := func(chars string, n int) error {
		for range n {
			i, err := below(len(chars))
			if err != nil {
				return err
			}
			text = append(text, chars[i])
		}
		return nil
	}
	all := c.lower + c.upper + c.digits + c.special
	for _, part := range []struct {
		chars string
		least int
	}{
		{lowerChars, number("minLower")}, {upperChars, number("minUpper")}, {digitChars, number("minNumeric")},
		{c.special, number("minSpecial")},
	} {
		if part.chars == "" {
			continue
		}
		if err := pick(part.chars, part.least); err != nil {
			return "", err
		}
	}
	if err := pick(all, number("length")-len(text)); err != nil {
		return "", err
	}
	for i := len(text) - 1; i > 0; i-- {
		j, err := below(i + 1)
		if err != nil {
			return "", err
		}
		text[i], text[j] = text[j], text[i]
	}
	return string(text), nil
}

func below(n int) (int, error) {
	i, err := rand.Int(rand.Reader, big.NewInt(int64(n)))
	if err != nil {
		return 0, fmt.Errorf("reading random numbers: %w", err)
	}
	return int(i.Int64()), nil
}

func makePassword(in resource.PropertyMap) (string, map[string]any, error) {
	text, err := randomText(in)
	if err != nil {
		return "", nil, err
	}
	hash, err := bcrypt.GenerateFromPassword([]byte(text[:min(len(text), 72)]), bcrypt.DefaultCost) // bcrypt reads 72 bytes
	if err != nil {
		return "", nil, fmt.Errorf("hashing: %w", err)
	}
	return withoutID, map[string]any{"result": text, "bcryptHash": string(hash)}, nil
}

func makeString(in resource.PropertyMap) (string, map[string]any, error) {
	text, err := randomText(in)
	return text, map[string]any{"result": text}, err
}

func randomBytes(n int) []byte {
	data := make([]byte, n)
	_, _ = rand.Read(data) // never fails
	return data
}

func makeID(in resource.PropertyMap) (string, map[string]any, error) {
	data := randomBytes(int(in["byteLength"].NumberValue()))
	prefix := ""
	if value := in["prefix"]; value.IsString() {
		prefix = value.StringValue()
	}
	id := base64.RawURLEncoding.EncodeToString(data)
	return id, map[string]any{
		"b64Url": prefix + id,
		"b64Std": prefix + base64.StdEncoding.EncodeToString(data),
		"hex":    prefix + hex.EncodeToString(data),
		"dec":    prefix + new(big.Int).SetBytes(data).String(),
	}, nil
}

func makeBytes(in resource.PropertyMap) (string, map[string]any, error) {
	data := randomBytes(int(in["length"].NumberValue()))
	return withoutID, map[string]any{"base64": base64.StdEncoding.EncodeToString(data), "hex": hex.EncodeToString(data)}, nil
}

// petWords are enough for names that people can tell apart: the adverbs and adjectives first, the pet last.
var petWords = struct{ first, pets []string }{
	first: strings.Fields("able bold brave brisk calm civil clear cosy crisp early eager exact fair firm fleet fond frank fresh gentle glad grand handy " +
		"happy hardy honest humble jolly keen kind large light lively lucky merry mild modest neat noble patient plain polite prime proud quick quiet " +
		"rapid ready rich royal rustic sharp silent simple smart snug solid steady still stout sunny sure sweet swift tidy tough vivid warm wise witty"),
	pets: strings.Fields("ant badger bat bear beaver bee bison bird bison boar buck bull camel cat cheetah cobra cod colt corgi cow crab crane cricket crow " +
		"deer dingo dog dolphin donkey dove duck eagle eel elk falcon fawn ferret finch fish fox frog gecko goat goose gull hare hawk hen heron horse hound " +
		"jay kite koala lark lemur lion lizard llama lynx mole moose moth mouse mule newt otter owl ox panda parrot pony puma quail rabbit ram raven robin " +
		"seal shark sheep shrew skunk sloth snail snake stork swan tiger toad trout turtle viper walrus wasp whale wolf wombat wren yak zebra"),
}

func makePet(in resource.PropertyMap) (string, map[string]any, error) {
	var words []string
	if value := in["prefix"]; value.IsString() && value.StringValue() != "" {
		words = append(words, value.StringValue())
	}
	length := int(in["length"].NumberValue())
	for i := range length {
		list := petWords.first
		if i == length-1 {
			list = petWords.pets
		}
		j, err := below(len(list))
		if err != nil {
			return "", nil, err
		}
		words = append(words, list[j])
	}
	return strings.Join(words, in["separator"].StringValue()), nil, nil
}
