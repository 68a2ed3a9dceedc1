using Fovea.Api.Grpc.Messages;
using Fovea.Api.Keys;
using Google.Protobuf;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;

namespace Fovea.Api.Grpc;

/// <summary>The list of the methods of <see cref="InferenceService"/>.</summary>
internal sealed class InferenceMethods : IServiceMethodProvider<InferenceService>
{
    private static readonly Marshaller<MessageBytes> Requests = Marshallers.Create<MessageBytes>(
        (_, _) => throw new NotSupportedException("Requests are only read."),
        context => new(context.PayloadAsReadOnlySequence()));

    /// <inheritdoc/>
    public void OnServiceMethodDiscovery(ServiceMethodProviderContext<InferenceService> context)
    {
        Add(context, "ServerLive", (_, _, _) => Task.FromResult(new ServerLiveResponse { Live = true }));
        Add(context, "ServerReady", (service, _, _) => Task.FromResult(service.ServerReady()));
        Add(context, "ServerMetadata", (_, _, _) => Task.FromResult(InferenceService.ServerMetadata()));
        Add(context, "ModelReady", (service, message, _) => Task.FromResult(service.ModelReady(message.Parse(ModelReadyRequest.Parser))));
        Add(context, "ModelMetadata", (service, message, _) => service.ModelMetadata(message.Parse(ModelMetadataRequest.Parser)));
        Add(
            context,
            "ModelInfer",
            (service, message, call) => service.ModelInfer(message.Parse(ModelInferRequest.Parser), call),
            new NeedsKey(KeyScope.Classify), new OwnMetrics());
    }

    private static void Add<T>(
        ServiceMethodProviderContext<InferenceService> context,
        string name,
        UnaryServerMethod<InferenceService, MessageBytes, T> answer,
        params object[] metadata)
        where T : class, IMessage<T>
    {
        var method = new Method<MessageBytes, T>(MethodType.Unary, GRPCInferenceService.Descriptor.FullName, name, Requests, Answers<T>());
        context.AddUnaryMethod(method, [new BoundedMessage(), .. metadata], answer);
    }

    private static Marshaller<T> Answers<T>()
        where T : class, IMessage<T> => Marshallers.Create<T>(
            (message, context) =>
            {
                context.SetPayloadLength(message.CalculateSize());
                message.WriteTo(context.GetBufferWriter());
                context.Complete();
            },
            _ => throw new NotSupportedException("Answers are only written."));
}
