using Fovea.Api.Configuration;
using Fovea.Api.Grpc.Messages;
using Fovea.Api.Problems;
using Grpc.AspNetCore.Server;
using Grpc.AspNetCore.Server.Model;
using Grpc.Core;
using Grpc.Core.Interceptors;
using Grpc.Reflection;
using HealthDescriptor = Grpc.Health.V1.Health;
using ReflectionV1 = Grpc.Reflection.V1.ServerReflection;
using ServiceDescriptor = Google.Protobuf.Reflection.ServiceDescriptor;

namespace Fovea.Api.Grpc;

/// <summary>Sets up the services of gRPC, which answer on a port of their own.</summary>
internal static class GrpcServer
{
    // The largest message of a request for health or reflection. Such a request contains only a few names.
    private const int MostSmallBytes = 64 << 10;

    /// <summary>Registers the services.</summary>
    /// <typeparam name="TErrors">The interceptor that turns exceptions into gRPC statuses.</typeparam>
    /// <param name="services">The services of the process.</param>
    /// <param name="settings">The settings, one of which is the largest size of a message.</param>
    /// <param name="serves">Whether the process answers requests to infer; otherwise it only trains.</param>
    /// <param name="withReflection">Whether clients can read the descriptions of the services.</param>
    public static void AddGrpcServer<TErrors>(this IServiceCollection services, Settings settings, bool serves, bool withReflection)
        where TErrors : Interceptor
    {
        services.AddSingleton<TErrors>().AddSingleton<GrpcHealth>();
        var server = services.AddGrpc(options =>
        {
            // Grpc.AspNetCore would decode a compressed message to any size, so BoundedMessages decodes it before, with a limit.
            options.CompressionProviders.Clear();
            options.MaxReceiveMessageSize = MostSmallBytes;
            options.IgnoreUnknownServices = true;
            options.Interceptors.Add<TErrors>();
        });
        List<ServiceDescriptor> described = [HealthDescriptor.Descriptor, ReflectionV1.Descriptor];
        if (serves)
        {
            services.AddSingleton<InferenceService>().AddSingleton<IServiceMethodProvider<InferenceService>, InferenceMethods>();
            server.AddServiceOptions<InferenceService>(options => options.MaxReceiveMessageSize = settings.MaxRequestBytes);
            described.Add(GRPCInferenceService.Descriptor);
        }

        if (withReflection)
        {
            services.AddSingleton(new ReflectionServiceImpl(described)).AddSingleton(new ReflectionV1ServiceImpl(described));
        }
    }

    /// <summary>Refuses calls on other ports, and other requests on gRPC's port. Call this after routing.</summary>
    public static void UseGrpcPort(this WebApplication app, int port) => app.Use((context, next) =>
    {
        var call = context.GetEndpoint()?.Metadata.GetMetadata<GrpcMethodMetadata>();
        if (call is not null != (context.Connection.LocalPort == port))
        {
            throw new ServiceException(
                ServiceError.UnknownRoute,
                $"There is no {context.Request.Path} on port {context.Connection.LocalPort}; expected the methods of gRPC on port {port}, "
                    + "and all other routes on other ports.");
        }

        return call?.Method.Type == MethodType.DuplexStreaming
            ? UntilStopping(context, next, app.Lifetime.ApplicationStopping)
            : next(context);
    });

    /// <summary>Maps the registered services.</summary>
    public static void MapGrpcServer(this WebApplication app)
    {
        app.MapGrpcService<GrpcHealth>();
        if (app.Services.GetService<InferenceService>() is not null)
        {
            app.MapGrpcService<InferenceService>();
        }

        if (app.Services.GetService<ReflectionServiceImpl>() is not null)
        {
            app.MapGrpcService<ReflectionServiceImpl>();
            app.MapGrpcService<ReflectionV1ServiceImpl>();
        }
    }

    // Ends a call when the service shuts down. A client may keep a reflection stream open for any time, which would delay the shutdown.
    private static async Task UntilStopping(HttpContext context, RequestDelegate next, CancellationToken stopping)
    {
        using (stopping.UnsafeRegister(static context => ((HttpContext)context!).Abort(), context))
        {
            await next(context);
        }
    }
}
