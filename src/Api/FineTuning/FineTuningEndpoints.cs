using Fovea.Models;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Fovea.Api;

/// <summary>The routes of fine-tuning jobs, after OpenAI's.</summary>
internal static class FineTuningEndpoints
{
    public static void MapFineTuning(this IEndpointRouteBuilder app)
    {
        var group = app.MapGroup("/fine_tuning/jobs").WithTags("Fine-tuning").NeedsKey(KeyScope.Train).Refuses(503);
        group.MapPost("", Create)
            .WithSummary("Teach a model the classes of a data set")
            .WithDescription("The job waits for a worker, trains in a process of its own, is evaluated, and ends in a new model, or in the next version of one with the same classes, which is published if it is not worse "
                + "than the one that serves.")
            .WithMetadata(new TakesJob()).Refuses(400, 404, 409, 413, 429);
        group.MapGet("", List)
            .WithSummary("List the jobs")
            .WithDescription("The newest first.")
            .Refuses(400, 404);
        group.MapGet("/{job}", Get)
            .WithSummary("Show a job")
            .WithDescription("Its status, its hyperparameters as far as they are decided, and when it will be done by what was measured so far.")
            .Refuses(404);
        group.MapGet("/{job}/events", Events)
            .WithSummary("Follow a job")
            .WithDescription("A list, the newest event first; or, with `Accept: text/event-stream`, every event in its order as it comes until the job has ended, after the one named by `Last-Event-ID`.")
            .Produces<Page<JobEventAnswer>>().Refuses(400, 404);
        group.MapGet("/{job}/checkpoints", Checkpoints)
            .WithSummary("List the checkpoints of a job")
            .WithDescription("The newest first. A worker that is lost, or told to stop, costs the steps since the newest; the files of the others are gone.")
            .Refuses(400, 404);
        group.MapGet("/{job}/report", Report)
            .WithSummary("Show what a job came to")
            .WithDescription("Learning curves, confusion matrix, figures for each class, calibration, the worst mistakes and provenance: a page with `Accept: text/html`, else JSON.")
            .Produces<object>(200, "application/json", "text/html").Refuses(404, 409);
        group.MapPost("/{job}/cancel", Cancel)
            .WithSummary("Call a job off")
            .WithDescription("At once, for good.")
            .Refuses(404, 409);
        group.MapPost("/{job}/pause", Pause)
            .WithSummary("Pause a job")
            .WithDescription("Training writes a checkpoint and ends; the place is free for the next job.")
            .Refuses(404, 409);
        group.MapPost("/{job}/resume", Resume)
            .WithSummary("Go on with a paused job")
            .WithDescription("It waits for a worker, and goes on from its checkpoint. What comes out is the same as without the pause.")
            .Refuses(404, 409);
    }

    private static async Task<Created<JobAnswer>> Create(HttpRequest request, JobRequests requests, CancellationToken stop)
    {
        var job = await requests.Create(request, stop);
        return TypedResults.Created($"/fine_tuning/jobs/{job.Id}", JobAnswer.Of(job));
    }

    private static async Task<Ok<Page<JobAnswer>>> List(string? after, string? limit, JobStore jobs, CancellationToken stop)
    {
        int most = Page.Limit(limit);
        if (after is not null)
        {
            await jobs.Find(after, stop);
        }

        return TypedResults.Ok(Page.Of(await jobs.List(after, most + 1, stop), most, JobAnswer.Of));
    }

    private static async Task<Ok<JobAnswer>> Get(string job, JobStore jobs, CancellationToken stop) => TypedResults.Ok(JobAnswer.Of(await jobs.Find(job, stop)));

    private static async Task<IResult> Events(string job, string? after, string? limit, HttpContext context, JobStore jobs, EventStream stream, CancellationToken stop)
    {
        await jobs.Find(job, stop);
        if (EventStream.IsWanted(context.Request))
        {
            await stream.Write(job, context, stop);
            return TypedResults.Empty;
        }

        int most = Page.Limit(limit);
        return TypedResults.Ok(Page.Of(await jobs.EventsBefore(job, After(after), most + 1, stop), most, JobEventAnswer.Of));
    }

    private static async Task<Ok<Page<JobCheckpointAnswer>>> Checkpoints(string job, string? after, string? limit, JobStore jobs, CancellationToken stop)
    {
        await jobs.Find(job, stop);
        int most = Page.Limit(limit);
        return TypedResults.Ok(Page.Of(await jobs.CheckpointsBefore(job, After(after), most + 1, stop), most, JobCheckpointAnswer.Of));
    }

    private static async Task<PhysicalFileHttpResult> Report(string job, HttpRequest request, JobStore jobs, Settings settings, CancellationToken stop)
    {
        var found = await jobs.Find(job, stop);
        var folder = JobFolder.Of(settings, job);
        bool asPage = request.GetTypedHeaders().Accept.Any(type => type.MediaType == "text/html");
        var file = asPage ? folder.Page : folder.Report;
        return found.Status is JobStatus.Succeeded && File.Exists(file)
            ? TypedResults.PhysicalFile(file, asPage ? "text/html; charset=utf-8" : "application/json")
            : throw new FoveaException(ErrorCode.Conflict, $"{job} has no report; expected a job that has succeeded, and whose files have not been cleared away yet.");
    }

    private static async Task<Ok<JobAnswer>> Cancel(string job, JobStore jobs, CancellationToken stop) => TypedResults.Ok(JobAnswer.Of(await jobs.Change(job, now => now.Cancel(), stop)));

    private static async Task<Ok<JobAnswer>> Pause(string job, JobStore jobs, CancellationToken stop) => TypedResults.Ok(JobAnswer.Of(await jobs.Change(job, now => now.Pause(), stop)));

    private static async Task<Ok<JobAnswer>> Resume(string job, JobStore jobs, CancellationToken stop) => TypedResults.Ok(JobAnswer.Of(await jobs.Change(job, now => now.Resume(), stop)));

    private static long After(string? after) => after is null ? long.MaxValue
        : long.TryParse(after, out long value) && value >= 0 ? value
        : throw new FoveaException(ErrorCode.MalformedRequest, $"after is {after}; expected the id of one of the list.");
}
