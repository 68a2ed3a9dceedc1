using System.Text.Encodings.Web;
using Fovea.Api.AuditTrail;
using Fovea.Api.Classification;
using Fovea.Api.Configuration;
using Fovea.Api.CustomVision;
using Fovea.Api.DatasetChecks;
using Fovea.Api.DatasetRepository;
using Fovea.Api.Diagnostics;
using Fovea.Api.Explanation;
using Fovea.Api.FineTuning;
using Fovea.Api.Grpc;
using Fovea.Api.InferenceProtocol;
using Fovea.Api.Jobs;
using Fovea.Api.Keys;
using Fovea.Api.ModelRepository;
using Fovea.Api.NetworkCatalog;
using Fovea.Api.OpenAIProtocol;
using Fovea.Api.OpenApi;
using Fovea.Api.Probes;
using Fovea.Api.Problems;
using Fovea.Api.Requests;
using Fovea.Api.Serving;
using Fovea.Api.Storage;
using Fovea.Api.Telemetry;
using Fovea.Api.Tuning;
using Fovea.Api.WebPage;
using Fovea.Models.Errors;

namespace Fovea.Api.Hosting;

/// <summary>Builds the service, and runs it.</summary>
internal static class Service
{
    /// <summary>Serves until the process receives a signal to stop.</summary>
    /// <param name="args">The command line.</param>
    /// <exception cref="RefusalException">A setting is wrong.</exception>
    /// <exception cref="IOException">The address is in use.</exception>
    public static async Task Run(string[] args)
    {
        await using var app = Build(args);
        try
        {
            await app.StartAsync();
        }
        catch (OperationCanceledException) when (app.Lifetime.ApplicationStopping.IsCancellationRequested)
        {
            // The process received the signal to stop while the service was starting.
        }
        catch
        {
            // Stops work that has begun, such as loading models, before the service is disposed of.
            await app.StopAsync();
            throw;
        }

        await app.WaitForShutdownAsync();
    }

    /// <summary>Builds the service, ready to run, and begins to load its models.</summary>
    /// <param name="args">The command line.</param>
    /// <param name="configure">Adds more services, for tests.</param>
    /// <exception cref="RefusalException">A setting is wrong.</exception>
    public static WebApplication Build(string[] args, Action<WebApplicationBuilder>? configure = null)
    {
        // The content root is the program's folder, where appsettings.json is, so the working folder does not matter.
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
        SettingsTable.RefuseUnknown(builder.Configuration);
        builder.Configuration.AddSecretFiles();

        // Without this, ASP.NET Core in Development would answer every unknown path as a missing file of the page.
        builder.Configuration["DisableStaticAssetNotFoundRuntimeFallback"] = "true";
        var settings = Settings.Read(builder.Configuration, builder.Environment);
        var serving = Settings.Bind<ServingSettings>(builder.Configuration);
        var host = HostSettings.Read(builder.Configuration);
        var fineTuning = FineTuningSettings.Read(builder.Configuration);
        builder.AddConsoleLog(host);
        builder.Listen(settings, host);

        // Decoding blocks threads of the thread pool. The pool gets as many additional threads as images may be decoded at the same time,
        // so that other requests are answered meanwhile.
        ThreadPool.GetMinThreads(out int workers, out int ports);
        ThreadPool.SetMinThreads(Math.Max(workers, Environment.ProcessorCount + serving.MaxConcurrency), ports);

        AddServices(builder, settings, serving, host, fineTuning);
        configure?.Invoke(builder);

        var app = builder.Build();
        SharedDisk.Note(settings);

        // Loading the models takes longest, so it starts now and runs while the rest is set up.
        app.Services.GetService<ModelPolling>()?.Begin();
        UseMiddleware(app, host);
        MapRoutes(app, host, fineTuning);
        return app;
    }

    private static void AddServices(
        WebApplicationBuilder builder, Settings settings, ServingSettings serving, HostSettings host, FineTuningSettings fineTuning)
    {
        builder.Services.ConfigureHttpJsonOptions(json =>
        {
            foreach (var serializer in AnswerJson.Serializers.Reverse())
            {
                json.SerializerOptions.TypeInfoResolverChain.Insert(0, serializer);
            }

            // JSON answers are never part of an HTML page, so characters such as < and é need not be escaped.
            json.SerializerOptions.Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;
        });
        builder.Services.Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = true);
        builder.Services.AddExceptionHandler<ProblemHandler>().AddSingleton<FailedRequests>().AddSingleton<PrivatePaths>();
        builder.Services.AddSingleton(settings).AddSingleton(serving).AddSingleton(host).AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<DiskWatch>().AddHostedService(provider => provider.GetRequiredService<DiskWatch>());
        builder.Services.AddSingleton(RetentionSettings.Read(builder.Configuration)).AddSingleton(ApiKeys.Read(builder.Configuration));
        builder.Services.AddSingleton<StorageMeter>().AddSingleton<AuditLog>().AddHostedService<AuditSweep>();
        builder.Services.AddSingleton<BodyBudget>().AddSingleton<RequestBodies>().AddSingleton<SingleImage>();
        builder.Services.AddServing();
        builder.Services.AddModelStore(builder.Configuration, fineTuning.Serves);
        builder.Services.AddDatasets(builder.Configuration);
        builder.Services.AddDatasetChecks();
        builder.Services.AddFineTuning(fineTuning);
        builder.Services.AddOpenAI();
        builder.Services.AddCustomVision(builder.Configuration);
        builder.Services.AddSingleton<ImageClassifier>().AddSingleton<ClassifyRequests>().AddSingleton<InferenceRequests>();
        builder.Services.AddSingleton<Readiness>();
        builder.Services.AddSingleton<ExplanationTurns>().AddSingleton<IdleExplainers>();
        builder.Services.AddSingleton<ImageExplainer>().AddSingleton<ExplainRequests>();
        if (host.GrpcPort > 0)
        {
            builder.Services.AddGrpcServer<GrpcProblems>(settings, fineTuning.Serves, host.GrpcReflection);
        }

        builder.Services.AddApiDescription();
        builder.AddTelemetry();
    }

    // The order matters: each middleware wraps the ones after it.
    private static void UseMiddleware(WebApplication app, HostSettings host)
    {
        app.UseProxies(host);
        app.UseExceptionHandler(_ => { });
        app.UseNoSniff();
        app.UseHeadAsGet();
        app.UseRouting();
        app.UseRootServices();
        if (host.GrpcPort > 0)
        {
            app.UseGrpcPort(host.GrpcPort);
        }

        app.UseForOtherRequests(others =>
        {
            others.UseRequestMetrics();
            others.UseContentSecurityPolicy();
            others.UseStatusCodePages(ProblemHandler.UnknownRoute);
            others.UseQueryCheck();
        });
        app.UseDrain();
        app.UseOrigins(host);
        app.UseRateLimits(host.RequestsPerMinute);
        app.UseAuditTrail();
        app.UseKeyCheck();
        app.UseQueryNames();
        app.UseContentEncodings();
        app.UseApiDescription();
    }

    private static void MapRoutes(WebApplication app, HostSettings host, FineTuningSettings fineTuning)
    {
        if (host.GrpcPort > 0)
        {
            app.UseBoundedMessages();
            app.MapGrpcServer();
        }

        if (fineTuning.Serves)
        {
            app.MapClassification();
            app.MapExplanation();
            app.MapModels();
            app.MapAdministration();
            app.MapInference();
            app.MapDatasets();
            app.MapDatasetChecks();
            app.MapArchitectures();
            app.MapPretrained();
            app.MapFineTuning();
            app.MapOpenAI();
            app.MapCustomVision();
            app.MapStorage();
            app.MapAuditTrail();
            app.MapWebPage();
        }

        app.MapHealth();
        app.MapDiagnostics();
        app.MapTelemetry();
    }
}
