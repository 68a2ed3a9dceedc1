using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Fovea.Api.Grpc.Messages;
using Fovea.Api.Hosting;
using Fovea.Api.Tests.Hosting;
using Fovea.Models.Errors;
using Google.Protobuf.Reflection;
using Grpc.Core;
using Grpc.Net.Client;
using Grpc.Reflection.V1;

namespace Fovea.Api.Tests.Grpc;

public sealed class GrpcPortTests
{
    public static TheoryData<string, string> Addresses => new()
    {
        { "http://localhost:8080", "http://localhost:8081" },
        { "http://127.0.0.1:0", "http://127.0.0.1:8081" },
        { "http://[::1]:5000", "http://[::1]:8081" },
        { "http://+:80;https://+:443", "https://+:8081" },
        { "http://*:80;http://localhost:5000", "http://*:8081" },
        { "http://0.0.0.0:80;https://[::]:443", "https://[::]:8081" },
        { "http://localhost:5000;http://10.0.0.1:5000", "http://localhost:8081;http://10.0.0.1:8081" },
        { "http://unix:/run/fovea.sock;http://localhost:5000", "http://localhost:8081" },
    };

    [Theory, MemberData(nameof(Addresses))]
    public void Addresses_have_the_hosts_and_the_TLS_of_the_service(string urls, string expected) =>
        Assert.Equal(expected, string.Join(';', GrpcAddresses.Beside(urls.Split(';'), 8081)));

    [Theory]
    [InlineData("http://localhost:8081", "Fovea:GrpcPort is 8081, which http://localhost:8081")]
    [InlineData("http://unix:/run/fovea.sock", "no address of the service has a host")]
    public void Port_without_an_address_of_its_own_is_refused(string urls, string reason) =>
        Assert.Contains(
            reason, Assert.Throws<FoveaException>(() => GrpcAddresses.Beside(urls.Split(';'), 8081)).Message, StringComparison.Ordinal);

    [Fact]
    public async Task Each_port_answers_its_own_protocol_alone()
    {
        var stop = TestContext.Current.CancellationToken;
        using var repository = new Repository().With("lenet5", 1);
        await using var service = await GrpcService.Start(repository);
        using var rest = new HttpClient { BaseAddress = new Uri(service.Address) };
        using var request = new HttpRequestMessage(HttpMethod.Get, "/models")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        using var answer = await rest.SendAsync(request, stop);
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);

        using var channel = GrpcChannel.ForAddress(service.Service.Client.BaseAddress!);
        var client = new GRPCInferenceService.GRPCInferenceServiceClient(channel);
        await GrpcService.IsRefused(
            client.ServerLiveAsync(new(), cancellationToken: stop), StatusCode.Unimplemented, $"methods of gRPC on port {service.Port}");
    }

    [Fact]
    public async Task Services_can_be_read_by_reflection_only_if_the_settings_say_so()
    {
        using var repository = new Repository().With("lenet5", 1);
        await using (var closed = await GrpcService.Start(repository))
        {
            var refusal = await Assert.ThrowsAsync<RpcException>(() => Reflect(closed, new() { ListServices = "" }));
            Assert.Equal(StatusCode.Unimplemented, refusal.StatusCode);
        }

        await using var open = await GrpcService.Start(repository, "--Fovea:GrpcReflection=true");
        var listed = await Reflect(open, new() { ListServices = "" });
        Assert.Superset(
            new HashSet<string> { "grpc.health.v1.Health", "inference.GRPCInferenceService" },
            listed.ListServicesResponse.Service.Select(service => service.Name).ToHashSet());
        var found = await Reflect(open, new() { FileContainingSymbol = "inference.GRPCInferenceService" });
        var file = FileDescriptorProto.Parser.ParseFrom(found.FileDescriptorResponse.FileDescriptorProto[0]);
        Assert.Contains(file.Service.Single().Method, method => method.Name == "ModelInfer");
    }

    [Theory]
    [InlineData("--urls=http://127.0.0.1:0;https://127.0.0.1:0", "--Kestrel:Certificates:Default")]
    [InlineData(
        "--Kestrel:Endpoints:Http:Url=http://127.0.0.1:0",
        "--Kestrel:Endpoints:Secure:Certificate",
        "--Kestrel:Endpoints:Secure:Url=https://127.0.0.1:0")]
    public async Task Calls_over_TLS_have_the_certificate_of_the_service(string urls, string section, params string[] others)
    {
        using var folder = new TemporaryFolder();
        using var certificate = Certificate();
        await File.WriteAllBytesAsync(
            folder["own.pfx"], certificate.Export(X509ContentType.Pfx, "secret"), TestContext.Current.CancellationToken);
        using var repository = new Repository().With("lenet5", 1);
        await using var service = await GrpcService.Start(
            repository, [urls, $"{section}:Path={folder["own.pfx"]}", $"{section}:Password=secret", .. others]);
        using var handler = new SocketsHttpHandler
        {
            SslOptions = new SslClientAuthenticationOptions
            {
                RemoteCertificateValidationCallback = (_, shown, _, _) => shown?.GetCertHashString() == certificate.GetCertHashString(),
            },
        };
        using var channel = GrpcChannel.ForAddress($"https://127.0.0.1:{service.Port}", new() { HttpHandler = handler });
        var client = new GRPCInferenceService.GRPCInferenceServiceClient(channel);
        await client.ModelInferAsync(GrpcService.Zeros(), cancellationToken: TestContext.Current.CancellationToken);
    }

    private static async Task<ServerReflectionResponse> Reflect(GrpcService service, ServerReflectionRequest request)
    {
        var stop = TestContext.Current.CancellationToken;
        using var call = new ServerReflection.ServerReflectionClient(service.Channel).ServerReflectionInfo(cancellationToken: stop);
        await call.RequestStream.WriteAsync(request, stop);
        Assert.True(await call.ResponseStream.MoveNext(stop));
        return call.ResponseStream.Current;
    }

    private static X509Certificate2 Certificate()
    {
        using var key = RSA.Create(2048);
        var request = new CertificateRequest("CN=127.0.0.1", key, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        return request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
    }
}
