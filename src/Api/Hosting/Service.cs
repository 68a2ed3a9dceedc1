using System.Text.Encodings.Web;

namespace Fovea.Api;

/// <summary>Puts the service together, and runs it.</summary>
internal static class Service
{
    /// <summary>Serves until the process is told to stop.</summary>
    /// <param name="args">The command line.</param>
    /// <exception cref="Fovea.Models.FoveaException">A setting is wrong.</exception>
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
            // Told to stop while it was starting.
        }
        catch
        {
            // Work that has begun, such as loading models, ends before the service is disposed of.
            await app.StopAsync();
            throw;
        }

        await app.WaitForShutdownAsync();
    }

    /// <summary>The service, ready to run; its models are being loaded already.</summary>
    /// <param name="args">The command line.</param>
    /// <param name="configure">Adds services to it.</param>
    /// <exception cref="Fovea.Models.FoveaException">A setting is wrong.</exception>
    public static WebApplication Build(string[] args, Action<WebApplicationBuilder>? configure = null)
    {
        // appsettings.json lies beside the program, wherever it is started from.
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
        var settings = Settings.Read(builder.Configuration, builder.Environment);
        var serving = ServingSettings.Read(builder.Configuration);
        var host = HostSettings.Read(builder.Configuration);
        var fineTuning = FineTuningSettings.Read(builder.Configuration);
        builder.Listen(settings, host);

        // Decoding occupies threads of the pool. So many more threads answer everything else meanwhile.
        ThreadPool.GetMinThreads(out int workers, out int ports);
        ThreadPool.SetMinThreads(Math.Max(workers, Environment.ProcessorCount + serving.MaxConcurrency), ports);

        builder.Services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.TypeInfoResolverChain.Insert(0, ApiJson.Default);
            json.SerializerOptions.TypeInfoResolverChain.Insert(1, FineTuningJson.Default);

            // Answers are never part of an HTML page, so labels and messages may stay readable.
            json.SerializerOptions.Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping;
        });
        builder.Services.Configure<RouteHandlerOptions>(routes => routes.ThrowOnBadRequest = true);
        builder.Services.AddExceptionHandler<ProblemHandler>().AddSingleton<PrivatePaths>();
        builder.Services.AddSingleton(settings).AddSingleton(serving).AddSingleton(host).AddSingleton(TimeProvider.System);
        builder.Services.AddSingleton(RetentionSettings.Read(builder.Configuration)).AddSingleton(ApiKeys.Read(builder.Configuration));
        builder.Services.AddSingleton<BodyBudget>().AddSingleton<RequestBodies>();
        builder.Services.AddServing();
        builder.Services.AddModelStore(builder.Configuration, fineTuning.Serves);
        builder.Services.AddDatasets(builder.Configuration);
        builder.Services.AddFineTuning(fineTuning);
        builder.Services.AddSingleton<ImageClassifier>().AddSingleton<ClassifyRequests>().AddSingleton<InferenceRequests>();
        builder.Services.AddApiDescription();
        builder.AddTelemetry();
        configure?.Invoke(builder);

        var app = builder.Build();

        // Loading models takes longest, so it goes on beside all that follows.
        app.Services.GetService<ModelPolling>()?.Begin();
        app.UseProxies(host);
        app.UseExceptionHandler(_ => { });
        app.UseNoSniff();
        app.UseHeadAsGet();
        app.UseRouting();
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
        app.UseKeyCheck();
        app.UseApiDescription();
        if (fineTuning.Serves)
        {
            app.MapClassification();
            app.MapModels();
            app.MapAdministration();
            app.MapInference();
            app.MapDatasets();
            app.MapArchitectures();
            app.MapFineTuning();
        }

        app.MapHealth();
        app.MapDiagnostics();
        app.MapTelemetry();
        return app;
    }
}
