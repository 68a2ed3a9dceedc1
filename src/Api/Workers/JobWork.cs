using Fovea.Api.Jobs;
using Fovea.Api.Problems;
using Fovea.Api.Storage;
using Fovea.Api.Telemetry;
using Fovea.Models.Errors;

namespace Fovea.Api.Workers;

/// <summary>
/// Runs a job: trains, evaluates and publishes its model. The process may be killed at any moment. The next worker then continues from the
/// files on the disk and the job's row in the database, so each step may run twice.
/// </summary>
internal sealed class JobWork(
    JobTraining training, Publishing publishing, DiskWatch disk, PrivatePaths paths, TimeProvider time, ILogger<JobWork> log)
{
    /// <summary>Runs a job until it has ended, or until this worker must stop.</summary>
    /// <param name="job">The job.</param>
    /// <param name="lease">This worker's lease of the job.</param>
    /// <param name="stop">Cancelled when the service stops: training saves a checkpoint, and the job goes back into the queue.</param>
    /// <exception cref="OperationCanceledException">The job was paused, cancelled, or taken over by another worker.</exception>
    public async Task RunToTheEnd(HeldJob job, JobLease lease, CancellationToken stop)
    {
        try
        {
            await WorkThroughOutages(job, lease, stop);
        }
        catch (RefusalException e)
        {
            await job.Advance(now => now.Fail(Problem.Of(e).Code, paths.RemoveFrom(e.Message)));
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            await job.Change(now => now.Release("The service is stopping. The job goes on from its last checkpoint."));
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            log.JobFaulted(e, job.Now.Id);
            var problem = Problem.Of(ServiceError.Internal, "An error in the service ended this job; the service's log has the cause.");
            await job.Advance(now => now.Fail(problem.Code, problem.Detail));
        }
    }

    private async Task WorkThroughOutages(HeldJob job, JobLease lease, CancellationToken stop)
    {
        for (var term = lease.Term; ;)
        {
            long began = time.GetTimestamp();
            try
            {
                await Work(job, term, stop);
                return;
            }
            catch (Exception e) when (!term.Fading.IsCancellationRequested && StateDatabase.IsAway(e))
            {
                // The lease is still valid, so the work is tried again. Steps that are done are not repeated. While the service stops,
                // the delay throws at once, and the job is released instead of failing.
                await Task.Delay(JobTraining.BetweenTries, time, stop);
            }
            catch (Exception e) when (e is not OperationCanceledException && disk.WasMissingSince(began))
            {
                // The missing folder is the cause, whatever the error says. The next round waits until the folder is back.
                await Task.Delay(JobTraining.BetweenTries, time, stop);
            }
            catch (Exception e) when (term.Fading.IsCancellationRequested
                && (StateDatabase.IsAway(e) || (e is OperationCanceledException && !stop.IsCancellationRequested)))
            {
                long left = time.GetTimestamp();
                term = await term.Next.WaitAsync(stop);
                double gap = time.GetElapsedTime(left).TotalSeconds;
                await job.Change(now => now.Tell(
                    $"The database could not be reached, so the job stopped for {gap:F0} s. It goes on from the last checkpoint.",
                    JobEvent.Warning,
                    new() { Seconds = Math.Round(gap) }));
            }
        }
    }

    private async Task Work(HeldJob job, LeaseTerm term, CancellationToken stop)
    {
        await job.RequireRunning();
        using var pause = CancellationTokenSource.CreateLinkedTokenSource(stop, term.Fading);
        var (folder, dataset) = await training.Train(job, pause.Token, term.Over);
        await publishing.Publish(job, folder, dataset, term, stop);
    }
}
