// A Certificate Transparency log of RFC 6962 on the loopback, made of other people's parts: the CT front end of
// certificate-transparency-go over Trillian's log server with its storage in memory. What it does not write itself is the log.
//
//	ctlog ROOTS.pem KEY.pem PREFIX
//
// KEY.pem: an EC key (PKCS 8). Prints the log's address and its public key (SPKI, base64), then serves until its standard input ends.
package main

import (
	"context"
	"crypto"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"time"

	"github.com/google/certificate-transparency-go/trillian/ctfe"
	"github.com/google/certificate-transparency-go/trillian/ctfe/configpb"
	"github.com/google/trillian"
	"github.com/google/trillian/client"
	"github.com/google/trillian/crypto/keys"
	"github.com/google/trillian/crypto/keys/der"
	"github.com/google/trillian/crypto/keyspb"
	"github.com/google/trillian/extension"
	"github.com/google/trillian/monitoring"
	"github.com/google/trillian/quota"
	"github.com/google/trillian/storage/memory"
	"github.com/google/trillian/testonly/integration"
	"google.golang.org/protobuf/types/known/anypb"
	"google.golang.org/protobuf/types/known/durationpb"
)

func must[T any](v T, err error) T {
	if err != nil {
		log.Fatal(err)
	}
	return v
}

func key(path string) (private []byte, public []byte) {
	block, _ := pem.Decode(must(os.ReadFile(path)))
	if block == nil {
		log.Fatalf("%s: not PEM", path)
	}
	k := must(x509.ParsePKCS8PrivateKey(block.Bytes))
	return block.Bytes, must(x509.MarshalPKIXPublicKey(k.(crypto.Signer).Public()))
}

func backend(ctx context.Context) (*integration.LogEnv, int64) {
	trees := memory.NewTreeStorage()
	env := must(integration.NewLogEnvWithRegistry(ctx, 1, extension.Registry{
		AdminStorage: memory.NewAdminStorage(trees),
		LogStorage:   memory.NewLogStorage(trees, nil),
		QuotaManager: quota.Noop(),
	}))
	tree := must(client.CreateAndInitTree(ctx, &trillian.CreateTreeRequest{Tree: &trillian.Tree{
		TreeState:       trillian.TreeState_ACTIVE,
		TreeType:        trillian.TreeType_LOG,
		MaxRootDuration: durationpb.New(0),
	}}, env.Admin, env.Log))
	return env, tree.TreeId
}

func main() {
	if len(os.Args) != 4 {
		log.Fatal("usage: ctlog ROOTS.pem KEY.pem PREFIX")
	}
	ctx := context.Background()
	private, public := key(os.Args[2])
	env, id := backend(ctx)
	config := &configpb.LogConfig{
		LogId:        id,
		Prefix:       os.Args[3],
		RootsPemFile: []string{os.Args[1]},
		PrivateKey:   must(anypb.New(&keyspb.PrivateKey{Der: private})),
		PublicKey:    &keyspb.PublicKey{Der: public},
	}
	keys.RegisterHandler(&keyspb.PrivateKey{}, der.FromProto)
	instance := must(ctfe.SetUpInstance(ctx, ctfe.InstanceOptions{
		Validated:     must(ctfe.ValidateLogConfig(config)),
		Client:        env.Log,
		Deadline:      10 * time.Second,
		MetricFactory: monitoring.InertMetricFactory{},
		RequestLog:    new(ctfe.DefaultRequestLog),
	}))
	for path, handler := range instance.Handlers {
		http.Handle(path, handler)
	}
	listener := must(net.Listen("tcp", "127.0.0.1:0"))
	go func() { log.Fatal(http.Serve(listener, nil)) }()
	fmt.Printf("http://%s/%s/ %s\n", listener.Addr(), os.Args[3], base64.StdEncoding.EncodeToString(public))
	io.Copy(io.Discard, os.Stdin)
}
