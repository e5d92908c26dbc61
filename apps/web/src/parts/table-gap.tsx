/** Stands for the rows of a long table that are out of sight; empty ones take no room. */
export const TableGap = ({ px, columns }: Readonly<{ px: number; columns: number }>) =>
  px <= 0 ? null : (
    <tr aria-hidden="true">
      <td colSpan={columns} className="p-0">
        <svg width="1" height={px} className="block" />
      </td>
    </tr>
  )
