using Fovea.Api.Grpc.Messages;
using Fovea.Api.Tests.Hosting;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;

namespace Fovea.Api.Tests.Grpc;

/// <summary>The whole service with gRPC on a free port of this machine, and a client.</summary>
internal sealed class GrpcService : IAsyncDisposable
{
    private GrpcService(TestService service, int port)
    {
        (Service, Port) = (service, port);
        Address = $"http://127.0.0.1:{port}";
        Channel = GrpcChannel.ForAddress(Address, new() { MaxReceiveMessageSize = null });
        Client = new(Channel);
    }

    public TestService Service { get; }

    public int Port { get; }

    public string Address { get; }

    public GrpcChannel Channel { get; }

    public GRPCInferenceService.GRPCInferenceServiceClient Client { get; }

    public static async Task<GrpcService> Start(Repository repository, params string[] args)
    {
        for (int left = 5; ; left--)
        {
            // Another program may take the port meanwhile.
            int port = ServiceProcess.FreePort();
            try
            {
                return new(await TestService.StartReady(repository, null, [$"--Fovea:GrpcPort={port}", .. args]), port);
            }
            catch (IOException) when (left > 0)
            {
            }
        }
    }

    /// <summary>A request to infer with zeros for lenet5, as contents.</summary>
    public static ModelInferRequest Zeros(string model = "lenet5", int images = 1) => new()
    {
        ModelName = model,
        Inputs =
        {
            new ModelInferRequest.Types.InferInputTensor
            {
                Name = "input",
                Datatype = "FP32",
                Shape = { images, 1, 28, 28 },
                Contents = new() { Fp32Contents = { new float[images * 28 * 28] } },
            },
        },
    };

    /// <summary>A request to infer with raw bytes for lenet5.</summary>
    public static ModelInferRequest Raw(byte[] bytes, string datatype = "FP32", params long[] shape) => new()
    {
        ModelName = "lenet5",
        Inputs = { new ModelInferRequest.Types.InferInputTensor { Name = "input", Datatype = datatype, Shape = { shape } } },
        RawInputContents = { ByteString.CopyFrom(bytes) },
    };

    /// <summary>Requires that a call is refused.</summary>
    public static async Task<RpcException> IsRefused<T>(AsyncUnaryCall<T> call, StatusCode status, string reason)
    {
        var refusal = await Assert.ThrowsAsync<RpcException>(() => call.ResponseAsync);
        Assert.True(status == refusal.StatusCode, $"{refusal.Status}");
        Assert.Contains(reason, refusal.Status.Detail, StringComparison.OrdinalIgnoreCase);
        return refusal;
    }

    public async ValueTask DisposeAsync()
    {
        Channel.Dispose();
        await Service.DisposeAsync();
    }
}

/// <summary>One service with gRPC for tests that only read: lenet5 with the versions 1 and 2.</summary>
public sealed class SharedGrpcService : IAsyncLifetime
{
    private readonly Repository repository = new Repository().With("lenet5", 1, 2);

    internal GrpcService Running { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Running = await GrpcService.Start(repository);

    public async ValueTask DisposeAsync()
    {
        await Running.DisposeAsync();
        repository.Dispose();
    }
}
