using Fovea.Api.Grpc.Messages;
using Fovea.Api.Probes;
using Fovea.Api.Problems;
using Grpc.Core;
using Grpc.Health.V1;
using HealthBase = Grpc.Health.V1.Health.HealthBase;
using Status = Grpc.Health.V1.HealthCheckResponse.Types.ServingStatus;

namespace Fovea.Api.Grpc;

/// <summary>
/// The health service of gRPC (https://github.com/grpc/grpc/blob/master/doc/health-checking.md). It reports the service as healthy if the
/// readiness probe would answer 200.
/// </summary>
internal sealed class GrpcHealth(Readiness readiness, TimeProvider time) : HealthBase
{
    private static readonly TimeSpan LookAgain = TimeSpan.FromSeconds(1);

    // The empty name stands for the whole server.
    private static readonly string[] Services = ["", GRPCInferenceService.Descriptor.FullName];

    private Status Now => readiness.IsReady ? Status.Serving : Status.NotServing;

    /// <summary>Returns SERVING if the service is ready, and otherwise NOT_SERVING.</summary>
    public override Task<HealthCheckResponse> Check(HealthCheckRequest request, ServerCallContext context) =>
        Services.Contains(request.Service)
            ? Task.FromResult(new HealthCheckResponse { Status = Now })
            : throw new RpcException(new(
                StatusCode.NotFound, $"There is no service {ReadableText.Of(request.Service)}; expected {Services[1]} or nothing."));

    /// <summary>
    /// Sends the state, and then each change of the state, at most once a second. The stream ends when the service shuts down, because an
    /// open stream would delay the shutdown.
    /// </summary>
    public override async Task Watch(
        HealthCheckRequest request, IServerStreamWriter<HealthCheckResponse> responseStream, ServerCallContext context)
    {
        bool isKnown = Services.Contains(request.Service);
        using var looking = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken, readiness.Stopping);
        var sent = Status.Unknown;
        while (!context.CancellationToken.IsCancellationRequested)
        {
            var now = isKnown ? Now : Status.ServiceUnknown;
            if (now != sent)
            {
                await responseStream.WriteAsync(new() { Status = now }, context.CancellationToken);
                sent = now;
            }

            if (readiness.Stopping.IsCancellationRequested)
            {
                return;
            }

            await Task.Delay(LookAgain, time, looking.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }
}
