using System.Diagnostics;
using Fovea.Api.Grpc.Messages;
using Fovea.Api.InferenceProtocol;
using Fovea.Api.ModelRepository;
using Fovea.Api.Probes;
using Fovea.Api.Telemetry;
using Grpc.Core;
using Tensor = Fovea.Api.Grpc.Messages.ModelMetadataResponse.Types.TensorMetadata;

namespace Fovea.Api.Grpc;

/// <summary>The methods of the Open Inference Protocol v2. They answer as the routes under <c>/v2</c> do.</summary>
internal sealed class InferenceService(ModelStore models, Readiness readiness, InferenceRequests requests, Metrics metrics)
{
    /// <summary>Whether the server is ready for requests.</summary>
    public ServerReadyResponse ServerReady() => new() { Ready = readiness.IsReady };

    /// <summary>Whether a model answers.</summary>
    public ModelReadyResponse ModelReady(ModelReadyRequest request) => new() { Ready = Choose(request.Name, request.Version).IsReady };

    /// <summary>Describes the server.</summary>
    public static ServerMetadataResponse ServerMetadata()
    {
        var server = ServerDescription.With("classification");
        return new() { Name = server.Name, Version = server.Version, Extensions = { server.Extensions } };
    }

    /// <summary>Describes the tensors of a model.</summary>
    public async Task<ModelMetadataResponse> ModelMetadata(ModelMetadataRequest request)
    {
        var described = await Choose(request.Name, request.Version).Describe();
        return new()
        {
            Name = described.Name,
            Versions = { described.Versions },
            Platform = described.Platform,
            Inputs = { described.Inputs.Select(Message) },
            Outputs = { described.Outputs.Select(Message) },
        };
    }

    /// <summary>Runs a model on the images of a request.</summary>
    public async Task<ModelInferResponse> ModelInfer(ModelInferRequest message, ServerCallContext call)
    {
        var context = call.GetHttpContext();
        using var lease = await Choose(message.ModelName, message.ModelVersion).Lease();
        var served = lease.Model;
        context.Features.Set(served);
        lease.Admit();
        metrics.Stage("admit", served.Name, context.Features.Get<CallStart>()!.Timestamp);
        var request = InferMessages.Read(message);
        var answer = new InferAnswer(served, request);
        var logits = await requests.Run(answer, requests.ImagesOf(request, served), call.CancellationToken);
        long answered = Stopwatch.GetTimestamp();
        var response = InferMessages.Write(answer, logits);
        metrics.Stage("write", served.Name, answered);
        return response;
    }

    private static Tensor Message(TensorDescription tensor) =>
        new() { Name = tensor.Name, Datatype = tensor.Datatype, Shape = { tensor.Shape.Select(d => (long)d) } };

    private ModelChoice Choose(string name, string version) => new(models.Find(name), version.Length == 0 ? null : version);
}
